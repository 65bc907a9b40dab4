// Who is in the room. Members are kept over broken links and over sessions: a visit, one for each session, tells
// what became of them, and only a difference reaches the listener.

import { type Identity, type Member, sameMember } from './member.js'
import type { RoomClient } from './room-client.js'
import { type Timing, Visit } from './visit.js'

export type RoomChange =
  | { kind: 'joined' | 'left'; member: Member }
  | { kind: 'changed'; member: Member; previous: Member }

export interface RoomOptions {
  client: RoomClient
  /** Path of the room's node; it and its parents are created where they are missing. */
  path: string
  identity: Identity
  /** Called with what changed together, and everybody who is here now in the order in which they came. */
  onChange(changes: readonly RoomChange[], members: readonly Member[]): void
  /** Called with an error that stays: asking again did not help, or would not. */
  onError(error: unknown): void
  timing: Timing
}

export class Room {
  readonly #members = new Map<string, Member>()
  #changes: RoomChange[] = []
  #identity: Identity
  /** The stay of the current session; null while there is none. */
  #visit: { sessionId: string; visit: Visit } | null = null
  readonly #unsubscribe: () => void

  constructor(private readonly options: RoomOptions) {
    this.#identity = options.identity
    this.#unsubscribe = options.client.on('state', ({ state, reason }) => {
      if (state === 'CONNECTED') this.#clientOnConnected()
      if (state === 'CLOSED') this.#clientOnClosed(reason)
    })
  }

  /** Changes what the own card says, now or as soon as there is one. */
  setIdentity(identity: Identity): void {
    this.#identity = identity
    this.#visit?.visit.identityChanged()
  }

  /** Stops following the room. The own node stays until the session closes. */
  dispose(): void {
    this.#unsubscribe()
    this.#endVisit()
  }

  #clientOnConnected(): void {
    const { client, path, timing } = this.options
    const sessionId = client.session?.id
    if (sessionId === undefined) return
    if (this.#visit?.sessionId !== sessionId) {
      this.#endVisit()
      this.#visit = { sessionId, visit: new Visit(client, path, this.#register(), timing) }
    }
    this.#visit.visit.linkUp()
  }

  #clientOnClosed(reason: string | null): void {
    this.#endVisit()
    // Nodes go with their session, except where another page holds it now.
    if (reason === 'taken_over') return
    for (const member of [...this.#members.values()]) if (member.mine) this.#remove(member.node)
    this.#publish()
  }

  #endVisit(): void {
    this.#visit?.visit.end()
    this.#visit = null
  }

  #register() {
    return {
      identity: () => this.#identity,
      nodes: () => this.#members.keys(),
      put: (member: Member) => this.#put(member),
      remove: (node: string) => this.#remove(node),
      publish: () => this.#publish(),
      failed: (error: unknown) => this.options.onError(error),
    }
  }

  #put(member: Member): void {
    const previous = this.#members.get(member.node)
    if (previous && sameMember(previous, member)) return
    this.#members.set(member.node, member)
    this.#changes.push(previous ? { kind: 'changed', member, previous } : { kind: 'joined', member })
  }

  #remove(node: string): void {
    const member = this.#members.get(node)
    if (!member) return
    this.#members.delete(node)
    this.#changes.push({ kind: 'left', member })
  }

  #publish(): void {
    if (this.#changes.length === 0) return
    const changes = this.#changes
    this.#changes = []
    this.options.onChange(changes, [...this.#members.values()].sort(byArrival))
  }
}

/** Sequential nodes end in ten digits that grow, so their names are in the order of creation. */
function byArrival(one: Member, other: Member): number {
  return one.node < other.node ? -1 : 1
}
