// Logs each visitor that joined, left or changed its name: the difference between two looks at the room.

import type { Log } from './log.js'
import type { Visitor } from './visitor.js'

/** Above this number, arrivals or departures of one look are logged as a count. */
const MAX_LOGGED_TOGETHER = 5

export class Arrivals {
  #known: ReadonlyMap<string, Visitor> = new Map()

  constructor(private readonly log: Pick<Log, 'add'>) {}

  note(visitors: readonly Visitor[]): void {
    const before = this.#known
    const now = new Map(visitors.map((visitor) => [visitor.id, visitor]))
    this.#known = now
    // A visitor that left and joined again has the same id and a later joinedAt.
    const stays = ({ id, joinedAt }: Visitor, others: ReadonlyMap<string, Visitor>) =>
      others.get(id)?.joinedAt === joinedAt
    const left = [...before.values()].filter((visitor) => !stays(visitor, now))
    const joined = visitors.filter((visitor) => !stays(visitor, before))
    // Before the first look the wall was empty, so its visitors have been here for a while.
    const isFirstLook = before.size === 0
    this.#log('left', left, 'left')
    this.#log('joined', joined, isFirstLook ? 'is here' : 'joined', isFirstLook ? 'are here' : 'joined')
    for (const visitor of visitors) {
      const previous = before.get(visitor.id)
      if (previous && stays(visitor, before) && previous.name !== visitor.name)
        this.log.add('changed', `${previous.name} is now ${called(visitor)}`)
    }
  }

  #log(kind: 'left' | 'joined', visitors: readonly Visitor[], did: string, allDid = did): void {
    if (visitors.length > MAX_LOGGED_TOGETHER) this.log.add(kind, `${visitors.length} visitors ${allDid}`)
    else for (const visitor of visitors) this.log.add(kind, `${called(visitor)} ${did}`)
  }
}

function called({ name, relation }: Visitor): string {
  return relation === 'other' ? name : `${name} (${relation === 'me' ? 'you' : 'your other tab'})`
}
