import { createHash } from 'node:crypto'
import { OP, RECORD } from '../../../server/src/dev-ensemble/protocol.js'
import type { Acl, Stat } from '../../../server/src/dev-ensemble/records.js'
import { waitUntil } from '../wait-until.js'
import { multi, type Step, step } from './multi-request.js'
import { type AclChoice, type MultiStep, type Operation, SESSIONS } from './random-operations.js'
import { FLAGS, OPEN, RawClient } from './raw-client.js'
import { type Subject, TICK_TIME_MS } from './subjects.js'

/** The answers to the operations, each with the events that came before it, as text to compare. */
export type Transcript = string[]

const TYPES = { create: OP.CREATE, create2: OP.CREATE2, container: OP.CREATE_CONTAINER }

/**
 * Longer than any play. No session may expire unless the play says so: its end takes a zxid, and the replies that follow
 * would differ by one. The observer of a play without an `expire` says nothing from the play's start to its end.
 */
export const SESSION_TIMEOUT_MS = 3_600_000

let plays = 0

/** Carries the operations out one after the other on a fresh part of the tree. */
export async function play(subject: Subject, operations: readonly Operation[]): Promise<Transcript> {
  const stage = await Stage.open(subject, `/play-${++plays}`)
  try {
    const transcript: Transcript = []
    for (const operation of operations) transcript.push(await stage.perform(operation))
    transcript.push(await stage.rest())
    return transcript
  } finally {
    await stage.close()
  }
}

/** The sessions of one play. Hides differences that do not count. */
class Stage {
  readonly #port: number
  readonly #root: string
  readonly #observer: RawClient
  readonly #firstZxid: bigint
  readonly #sessions: RawClient[] = []
  /** In the order in which they were opened. */
  readonly #ids: bigint[] = []

  static async open(subject: Subject, root: string): Promise<Stage> {
    const port = subject.ports[0] ?? 0
    const observer = await RawClient.connect(port, { timeoutMs: SESSION_TIMEOUT_MS })
    await observer.create(root)
    const { zxid } = await observer.create(`${root}-sessions`)
    const stage = new Stage(port, root, observer, zxid)
    for (let i = 0; i < SESSIONS; i++) stage.#sessions.push(await stage.#openSession())
    return stage
  }

  private constructor(port: number, root: string, observer: RawClient, firstZxid: bigint) {
    this.#port = port
    this.#root = root
    this.#observer = observer
    this.#firstZxid = firstZxid
  }

  async perform(operation: Operation): Promise<string> {
    const zk = this.#session(operation.session)
    const answer = await this.#perform(operation, zk)
    const arrivals = this.#taken(zk)
    // ZooKeeper leaves open in which order the nodes of a session are deleted.
    if (operation.kind === 'close') arrivals.sort()
    return this.#normalised({ operation: operation.kind, arrivals, answer })
  }

  /** Events that have not come with an answer yet. */
  async rest(): Promise<string> {
    return this.#normalised(await this.#allEvents())
  }

  async close(): Promise<void> {
    for (const zk of [...this.#sessions, this.#observer]) await zk.close().catch(() => zk.drop())
  }

  async #perform(operation: Operation, zk: RawClient): Promise<unknown> {
    const path = 'path' in operation ? this.#root + operation.path : this.#root
    switch (operation.kind) {
      case 'create': {
        const request = { flags: operation.flags, acl: ACLS[operation.acl], data: operation.path }
        if (operation.with === 'create') return zk.create(path, request)
        return zk.create2(path, request, TYPES[operation.with])
      }
      case 'createTtl':
        return zk.createTtl(path, BigInt(operation.ttlMs), operation.flags)
      case 'delete':
        return zk.delete(path, operation.version)
      case 'check':
        return (await multi(zk, [step.check(path, operation.version)])).results
      case 'setData':
        return zk.setData(path, operation.data, operation.version)
      case 'exists':
      case 'getData':
      case 'getChildren':
      case 'getChildren2': {
        const answer = await zk[operation.kind](path, operation.watch)
        return 'children' in answer ? { ...answer, children: answer.children?.sort() } : answer
      }
      case 'getAcl': {
        const { acl, ...answer } = await zk.getAcl(path)
        return { ...answer, acl: acl?.map((entry) => JSON.stringify(entry)).sort() }
      }
      case 'sync':
        return zk.sync(path)
      case 'getEphemerals': {
        const { err, body } = await zk.call(OP.GET_EPHEMERALS, RECORD.path.of({ path }))
        return { err, paths: RECORD.children.read(body).children.sort() }
      }
      case 'getAllChildrenNumber': {
        const { err, body } = await zk.call(OP.GET_ALL_CHILDREN_NUMBER, RECORD.path.of({ path }))
        return { err, count: err === 0 ? RECORD.count.read(body).count : null }
      }
      case 'setAcl':
        return zk.setAcl(path, ACLS[operation.acl], operation.version)
      case 'multi':
        return multi(
          zk,
          operation.steps.map((one) => this.#step(one)),
        )
      case 'multiRead': {
        const steps = operation.paths.flatMap((one) => [step.getData(this.#root + one)])
        return multi(zk, steps, OP.MULTI_READ)
      }
      case 'addWatch':
        return zk.addWatch(path, operation.mode)
      case 'removeWatches':
        return zk.removeWatches(path, operation.type)
      case 'auth':
        return (await zk.auth('digest', `${operation.user}:secret`)).err
      case 'whoAmI':
        return zk.whoAmI()
      case 'reconnect':
        return this.#reconnect(operation, zk)
      case 'close':
        await zk.close()
        return this.#replace(operation.session)
      case 'expire':
        await this.#expire(zk)
        return this.#replace(operation.session)
    }
  }

  async #reconnect({ session, watches }: Operation & { kind: 'reconnect' }, zk: RawClient): Promise<unknown> {
    const { zxid } = await zk.sync()
    await zk.drop()
    const again = await RawClient.connect(this.#port, {
      session: zk.session,
      lastZxid: zxid,
      timeoutMs: SESSION_TIMEOUT_MS,
    })
    this.#sessions[session] = again
    const lists = Object.entries(watches).map(([list, paths]) => [
      list,
      paths.map((path) => this.#root + path),
    ])
    // It has missed half of the changes since the start, so that it has something to catch up with.
    const relativeZxid = this.#firstZxid + (zxid - this.#firstZxid) / 2n
    const reply = await again.setWatches2(relativeZxid, Object.fromEntries(lists))
    return { err: reply.err, arrivals: this.#taken(again) }
  }

  /** Has the ensemble expire the session: shortens its timeout, leaves it, and waits for the end of its own node. */
  async #expire(zk: RawClient): Promise<void> {
    // Everything on its way must arrive first: it is part of the play.
    await zk.sync()
    await zk.drop()
    const leaving = await RawClient.connect(this.#port, {
      session: zk.session,
      timeoutMs: 2 * TICK_TIME_MS,
    })
    await leaving.drop()
    const sign = this.#signOf(zk.session.id)
    const hasExpired = async () => (await this.#observer.exists(sign)).err !== 0
    await waitUntil('the session has expired', hasExpired, { intervalMs: 20 })
  }

  async #replace(session: number): Promise<unknown> {
    this.#sessions[session] = await this.#openSession()
    return (await this.#allEvents()).map((events) => events.sort())
  }

  async #openSession(): Promise<RawClient> {
    const zk = await RawClient.connect(this.#port, { timeoutMs: SESSION_TIMEOUT_MS })
    this.#ids.push(zk.session.id)
    await zk.create(this.#signOf(zk.session.id), { flags: FLAGS.ephemeral })
    zk.arrivals.length = 0
    return zk
  }

  #signOf(id: bigint): string {
    return `${this.#root}-sessions/s${this.#ids.indexOf(id)}`
  }

  async #allEvents(): Promise<string[][]> {
    const all: string[][] = []
    for (const zk of this.#sessions) all.push(await zk.events())
    return all
  }

  #step(one: MultiStep): Step {
    const path = this.#root + one.path
    if (one.kind === 'create') return step.create(path, one.flags)
    if (one.kind === 'setData') return step.setData(path, one.data, one.version)
    return step[one.kind](path, one.version)
  }

  #session(index: number): RawClient {
    const zk = this.#sessions[index]
    if (zk === undefined) throw new Error(`there is no session ${index}`)
    return zk
  }

  /** Everything that came over a connection since the last call, to compare. */
  #taken(zk: RawClient): string[] {
    return zk.arrivals.splice(0).map((arrival) => {
      if ('event' in arrival) return `event ${arrival.event} ${arrival.path}`
      return `reply at zxid ${arrival.zxid - this.#firstZxid}`
    })
  }

  /** Without the root's name and the time, and with zxids and sessions counted from the start of the play. */
  #normalised(answer: unknown): string {
    const text = JSON.stringify(answer, (key, value: unknown) => {
      if (key === 'ctime' || key === 'mtime') return undefined
      if (key === 'stat') return this.#stat(value as Stat)
      if (Buffer.isBuffer(value)) return value.toString('latin1')
      return typeof value === 'bigint' ? `zxid ${value - this.#firstZxid}` : value
    })
    return text.replaceAll(this.#root, '')
  }

  #stat(stat: Stat | undefined): object | undefined {
    if (stat === undefined) return undefined
    const owner = this.#ids.indexOf(stat.ephemeralOwner)
    return { ...stat, ephemeralOwner: stat.ephemeralOwner === 0n ? 'none' : `session ${owner}` }
  }
}

const secret = (user: string) => createHash('sha1').update(`${user}:secret`).digest('base64')
const digest = (user: string) => ({ scheme: 'digest', id: `${user}:${secret(user)}` })
const world = { scheme: 'world', id: 'anyone' }

const ACLS: Record<AclChoice, Acl[]> = {
  open: OPEN,
  readOnly: [{ perms: 1, id: world }],
  noRead: [{ perms: 30, id: world }],
  annOnly: [{ perms: 31, id: digest('ann') }],
  auth: [{ perms: 31, id: { scheme: 'auth', id: '' } }],
  worldAndBob: [
    { perms: 17, id: world },
    { perms: 31, id: digest('bob') },
  ],
  empty: [],
}
