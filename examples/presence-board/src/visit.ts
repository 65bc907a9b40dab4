// One session's stay in a room: it reads who is here, keeps one watch on the list and one on each member, and
// holds this page's own node. ZooKeeper's watches fire once and say only that something changed, so everything
// comes down to a set of what is stale and one loop that reads it again:
//
//             linkUp                      nothing stale
//   waiting ──────────▶ reading ────────────────────────▶ idle
//      ▲    a call was    │  ▲     linkUp, watch event      │
//      └────── lost ──────┘  └──────────────────────────────┘        end(), from any state ──▶ over
//
// The own node needs no case of its own. Whether the session is new, was resumed after a reload, or lost the
// answer to its create: the list is read first, and a node is created only if none of the listed ones is ours.

import { type Identity, type Member, memberData, readMember } from './member.js'
import { type CallFailure, failureOf, type RoomClient, type Watch } from './room-client.js'

/** Reads in flight together: fills a link of 100 ms without coming near a gateway's limit on calls in flight. */
export const READS_AT_ONCE = 16
/** Passes in a row that may fail while the link is up; the last one ends 8 s after the first. */
export const MAX_FAILED_PASSES = 5
const RETRY_BASE_MS = 250

/** Stands in the sets below for the list itself; no node has an empty name. */
const LIST = ''
const MEMBER_PREFIX = 'member-'

/** With these the client says that nothing will be answered on this session any more. */
const SESSION_OVER: ReadonlySet<string> = new Set(['SESSION_EXPIRED', 'SESSION_CLOSED'])

type VisitState = 'waiting' | 'reading' | 'idle' | 'over'
type Own = { kind: 'absent' } | { kind: 'present'; node: string } | { kind: 'refused' }

/** What a visit reports to; the members outlive it, so that a new session changes no card needlessly. */
export interface Register {
  identity(): Identity
  nodes(): Iterable<string>
  put(member: Member): void
  remove(node: string): void
  /** Everything put and removed since the last time is one change of the room. */
  publish(): void
  failed(error: unknown): void
}

export interface Timing {
  now(): number
  wait(ms: number): Promise<void>
}

export class Visit {
  #state: VisitState = 'waiting'
  #own: Own = { kind: 'absent' }
  readonly #stale = new Set<string>([LIST])
  /** Watches that are set and have not fired. */
  readonly #watched = new Set<string>()
  /** Members that may not be read or written by this page; asked once. */
  readonly #refused = new Set<string>()

  constructor(
    private readonly client: RoomClient,
    private readonly room: string,
    private readonly register: Register,
    private readonly timing: Timing,
  ) {}

  /** The session is attached. Its watches survived; whatever a lost call was to read is still stale. */
  linkUp(): void {
    this.#stale.add(LIST)
    if (this.#state === 'waiting' || this.#state === 'idle') void this.#read()
  }

  identityChanged(): void {
    if (this.#own.kind === 'present') this.#changed(this.#own.node)
  }

  /** The session is over, and with it its watches; answers still to come are ignored. */
  end(): void {
    this.#enter('over')
  }

  #enter(state: VisitState): void {
    if (this.#state !== 'over') this.#state = state
  }

  #is(state: VisitState): boolean {
    return this.#state === state
  }

  #changed(name: string): void {
    this.#stale.add(name)
    if (this.#is('idle')) void this.#read()
  }

  /** The list's own watch follows; here nothing is left to read. */
  #gone(name: string): void {
    if (this.#is('over')) return
    this.#stale.delete(name)
    this.register.remove(name)
    this.register.publish()
  }

  async #read(): Promise<void> {
    this.#enter('reading')
    let failures = 0
    while (this.#is('reading') && (this.#stale.size > 0 || this.#own.kind === 'absent')) {
      try {
        await this.#pass()
        failures = 0
      } catch (error) {
        failures += 1
        await this.#recover(error, failures)
      }
    }
    if (this.#is('reading')) this.#enter('idle')
  }

  /** Reads what is stale, once; enters the room when nothing is left that could be the own node. */
  async #pass(): Promise<void> {
    try {
      if (this.#stale.has(LIST)) await this.#readList()
      const names = [...this.#stale].filter((name) => name !== LIST)
      for (let start = 0; start < names.length && this.#is('reading'); start += READS_AT_ONCE) {
        const group = names.slice(start, start + READS_AT_ONCE)
        const results = await Promise.allSettled(group.map((name) => this.#readMember(name)))
        const lost = results.find((result) => result.status === 'rejected')
        if (lost) throw lost.reason
      }
      if (this.#is('reading') && this.#stale.size === 0 && this.#own.kind === 'absent')
        await this.#enterRoom()
    } finally {
      if (!this.#is('over')) this.register.publish()
    }
  }

  async #recover(error: unknown, failures: number): Promise<void> {
    const failure = failureOf(error)
    if (this.#is('over') || SESSION_OVER.has(failure.code)) return this.#enter('over')
    if (failure.code === 'CONNECTION_LOSS') {
      // The answers of this link are lost, and which of them carried news nobody knows: read everything again.
      for (const node of [LIST, ...this.register.nodes()]) this.#stale.add(node)
      if (this.client.state !== 'CONNECTED') return this.#enter('waiting')
    }
    if (mayPass(failure) && failures < MAX_FAILED_PASSES) {
      await this.timing.wait(RETRY_BASE_MS * 2 ** failures)
      return
    }
    this.register.failed(error)
    this.#enter('idle')
  }

  async #readList(): Promise<void> {
    const watch = this.#watchOn(LIST)
    this.#stale.delete(LIST)
    try {
      const { children } = await this.client.getChildren(this.room, watch)
      if (watch.watch) this.#watched.add(LIST)
      if (!this.#is('over')) this.#compare(new Set(children))
    } catch (error) {
      this.#stale.add(LIST)
      if (failureOf(error).code !== 'NO_NODE') throw error
      await this.#makeNode(this.room)
    }
  }

  #compare(here: ReadonlySet<string>): void {
    for (const node of [...this.register.nodes()]) if (!here.has(node)) this.register.remove(node)
    for (const name of here) {
      if (!this.#watched.has(name) && !this.#refused.has(name)) this.#stale.add(name)
    }
    if (this.#own.kind === 'present' && !here.has(this.#own.node)) this.#own = { kind: 'absent' }
  }

  async #readMember(name: string): Promise<void> {
    const watch = this.#watchOn(name)
    this.#stale.delete(name)
    try {
      const node = await this.client.getData(`${this.room}/${name}`, watch)
      if (watch.watch) this.#watched.add(name)
      if (this.#is('over')) return
      const member = readMember(name, node)
      if (member.mine) await this.#recognise(member)
      else this.register.put(member)
    } catch (error) {
      const failure = failureOf(error)
      // Gone between the list and the read, or cleaned up by somebody else: the watch on the list tells.
      if (failure.code === 'NO_NODE' || this.#is('over')) return
      if (mayPass(failure)) {
        this.#stale.add(name)
        throw error
      }
      this.#refused.add(name)
      this.register.failed(error)
    }
  }

  /** A node of this session: the one to keep, or the second of a create whose first answer was lost. */
  async #recognise(member: Member): Promise<void> {
    if (this.#own.kind === 'present' && this.#own.node !== member.node) {
      const [kept, surplus] = [this.#own.node, member.node].sort() as [string, string]
      this.#own = { kind: 'present', node: kept }
      this.register.remove(surplus)
      if (kept === member.node) this.register.put(member)
      await this.client.delete(`${this.room}/${surplus}`)
      return
    }
    this.#own = { kind: 'present', node: member.node }
    this.register.put(member)
    const identity = this.register.identity()
    if (identity.name !== member.name || identity.colour !== member.colour) {
      await this.client.setData(`${this.room}/${member.node}`, memberData(identity, member.joinedAt))
    }
  }

  async #enterRoom(): Promise<void> {
    const data = memberData(this.register.identity(), this.timing.now())
    try {
      const { path } = await this.client.create(`${this.room}/${MEMBER_PREFIX}`, data, {
        mode: 'ephemeral_sequential',
      })
      this.#own = { kind: 'present', node: path.slice(path.lastIndexOf('/') + 1) }
    } catch (error) {
      const failure = failureOf(error)
      if (failure.code !== 'NO_NODE' && !mayPass(failure)) {
        // Not allowed to be seen here, but perhaps to look.
        this.#own = { kind: 'refused' }
        this.register.failed(error)
        return
      }
      // It may have happened, or the room went away: the list tells.
      this.#stale.add(LIST)
      if (failure.code !== 'NO_NODE') throw error
    }
  }

  /** Creates a persistent node, and above it only what is missing: a page may not be allowed to touch the rest. */
  async #makeNode(path: string): Promise<void> {
    try {
      await this.client.create(path, '', { mode: 'persistent' })
    } catch (error) {
      const { code } = failureOf(error)
      const parent = path.slice(0, path.lastIndexOf('/'))
      if (code === 'NODE_EXISTS') return
      if (code !== 'NO_NODE' || parent === '') throw error
      await this.#makeNode(parent)
      await this.#makeNode(path)
    }
  }

  /** The options of a read: with a watch, unless one is set already. */
  #watchOn(name: string): Watch {
    if (this.#watched.has(name)) return {}
    return {
      watch: ({ type }) => {
        this.#watched.delete(name)
        if (type === 'NodeDeleted' && name !== LIST) this.#gone(name)
        else this.#changed(name)
      },
    }
  }
}

/** Whether asking again may succeed, or must be tried because nobody knows whether it did. */
function mayPass({ code, retryable, outcome }: CallFailure): boolean {
  return code === 'CONNECTION_LOSS' || retryable || outcome === 'unknown'
}
