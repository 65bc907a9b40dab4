import WebSocket from 'ws'
import { type Client, createClient, type Member, type Presence } from 'zoogate-client'
import { ROOM, tokenOf } from './views-random-stage.js'

export interface MemberData {
  name: string
  turn: number
}

/** A page of the SDK's that comes and goes in the room, and keeps a list of its own by the events that it hears. */
export class RandomMember {
  readonly name: string
  readonly client: Client
  readonly #presence: Presence<MemberData>
  /** The first list that was current, with every event since applied to it; null before. */
  #log: Map<string, MemberData> | null = null
  /** Events that do not fit the list that they are applied to. */
  readonly contradictions: string[] = []
  isIn = false
  #turn = 0

  constructor(name: string, urls: string[]) {
    this.name = name
    this.client = createClient({ url: urls, getToken: () => tokenOf(name), WebSocket })
    this.#presence = this.client.presence<MemberData>(ROOM)
    this.#presence.on('joined', ({ member }) => this.#apply('joined', member, false))
    this.#presence.on('changed', ({ member, previous }) => this.#apply('changed', member, true, previous))
    this.#presence.on('left', ({ member }) => this.#apply('left', member, true))
    this.#presence.subscribe(() => {
      if (this.#log === null && !this.#presence.getSnapshot().stale) this.#log = this.#listed()
    })
  }

  async join(): Promise<void> {
    await this.#presence.join(this.#nextData())
    this.isIn = true
  }

  async update(): Promise<void> {
    const data = this.#nextData()
    const { data: shown } = await this.#presence.update(data)
    if (shown.turn !== data.turn) this.contradictions.push(`update ${data.turn} gave ${shown.turn}`)
  }

  async leave(): Promise<void> {
    await this.#presence.leave()
    this.isIn = false
  }

  async close(): Promise<void> {
    this.#presence.close()
    await this.client.close()
  }

  /** Whether the page shows this room, knows it to be current, and its events have told it so. */
  shows(room: ReadonlyMap<string, string>): boolean {
    const { stale, error } = this.#presence.getSnapshot()
    return !stale && error === null && same(this.#listed(), room) && same(this.#log ?? new Map(), room)
  }

  /** For the message of a failure. */
  describe(): string {
    const { stale, error } = this.#presence.getSnapshot()
    const lists = { listed: [...this.#listed()], logged: [...(this.#log ?? [])] }
    return `${this.name} ${this.client.state} ${JSON.stringify({ stale, error: error?.message, ...lists })}`
  }

  #nextData(): MemberData {
    return { name: this.name, turn: ++this.#turn }
  }

  #listed(): Map<string, MemberData> {
    return new Map(this.#presence.getSnapshot().members.map(({ id, data }) => [id, data]))
  }

  #apply(event: string, { id, data }: Member<MemberData>, wasThere: boolean, previous?: Member<MemberData>) {
    const known = this.#log?.get(id)
    const fits =
      (known !== undefined) === wasThere &&
      (previous === undefined || JSON.stringify(previous.data) === JSON.stringify(known))
    if (!fits) this.contradictions.push(`${event} ${id}, known as ${JSON.stringify(known)}`)
    if (event === 'left') this.#log?.delete(id)
    else this.#log?.set(id, data)
  }
}

function same(list: ReadonlyMap<string, MemberData>, room: ReadonlyMap<string, string>): boolean {
  return list.size === room.size && [...list].every(([id, data]) => room.get(id) === JSON.stringify(data))
}
