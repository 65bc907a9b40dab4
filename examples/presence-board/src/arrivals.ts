// Tells the log who came, went or has another name now: what is different from one look at the room to the next.

import type { Log } from './log.js'
import type { Visitor } from './visitor.js'

/** More arrivals or departures at once than this are logged as a number. */
const MAX_LOGGED_TOGETHER = 5

export class Arrivals {
  #known: ReadonlyMap<string, Visitor> = new Map()

  constructor(private readonly log: Pick<Log, 'add'>) {}

  note(visitors: readonly Visitor[]): void {
    const before = this.#known
    const now = new Map(visitors.map((visitor) => [visitor.id, visitor]))
    this.#known = now
    // One that went and came again is another stay under the same id.
    const stays = ({ id, joinedAt }: Visitor, others: ReadonlyMap<string, Visitor>) =>
      others.get(id)?.joinedAt === joinedAt
    const left = [...before.values()].filter((visitor) => !stays(visitor, now))
    const joined = visitors.filter((visitor) => !stays(visitor, before))
    // On an empty wall the arrivals are those who have been here for a while.
    const found = before.size === 0
    this.#tell('left', left, 'left')
    this.#tell('joined', joined, found ? 'is here' : 'joined', found ? 'are here' : 'joined')
    for (const visitor of visitors) {
      const previous = before.get(visitor.id)
      if (previous && stays(visitor, before) && previous.name !== visitor.name)
        this.log.add('changed', `${previous.name} is now ${called(visitor)}`)
    }
  }

  #tell(kind: 'left' | 'joined', visitors: readonly Visitor[], did: string, allDid = did): void {
    if (visitors.length > MAX_LOGGED_TOGETHER) this.log.add(kind, `${visitors.length} visitors ${allDid}`)
    else for (const visitor of visitors) this.log.add(kind, `${called(visitor)} ${did}`)
  }
}

function called({ name, who }: Visitor): string {
  return who === 'other' ? name : `${name} (${who === 'me' ? 'you' : 'your other tab'})`
}
