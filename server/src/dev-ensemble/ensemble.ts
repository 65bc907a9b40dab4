import type { HexLong } from 'zoogate-client/protocol'
import { Clock } from './clock.js'
import type { Connection, Faults, Host } from './connection.js'
import { answerTo, NOT_SERVING } from './four-letter-words.js'
import { type CheckedOptions, checkOptions, type DevEnsembleOptions } from './options.js'
import { Server } from './server.js'
import type { Session } from './sessions.js'
import { EnsembleState } from './state.js'

/** Connections: of one session, to one server, or, if neither is named, all. */
export interface LinkTarget {
  /** `0x…` */
  session?: HexLong
  /** Index of the server. */
  server?: number
}

/** A ZooKeeper ensemble in memory. Servers are named by their index. */
export interface DevEnsemble {
  /** All servers, as `host:port,host:port`. */
  readonly connectString: string
  readonly ports: readonly number[]
  /** The server that leads: the last server that ran when a leader was elected. null without a majority. */
  readonly leader: number | null
  /** Every session that has not ended. */
  sessions(): HexLong[]
  /** The server that a session is connected to; null while it is connected to none. */
  serverOf(session: HexLong): number | null
  /**
   * Closes the port and cuts its connections. As in ZooKeeper, when the leader stops, the other servers drop their
   * connections too and every session's timeout starts anew. While there is no majority, no server serves and no session
   * ends.
   */
  stopServer(index: number): Promise<void>
  /** On the same port, with the ensemble's state. */
  startServer(index: number): Promise<void>
  /** Ends a session now, as if nothing had been heard of it for too long. @returns whether there was such a session. */
  expireSession(id: HexLong): boolean
  /** Closes connections at once. The sessions live on. */
  cutLinks(target?: LinkTarget): void
  /**
   * Lets nothing through any more in either direction, while connections stay open. If the target is no session, later
   * connections to its servers stall too, before their first answer.
   */
  stallLinks(target?: LinkTarget): void
  /** Ends a stall: everything that waited goes through. */
  resumeLinks(target?: LinkTarget): void
  /** Delays each later answer and event; 0 ends the delay. Later connections as for `stallLinks`. */
  delayAnswers(delayMs: number, target?: LinkTarget): void
  /** Sets the clock forward: sessions end that were silent for so long, and so do times to live. */
  skipTime(ms: number): void
  /** Cuts everything and forgets everything. */
  close(): Promise<void>
}

/** @throws RangeError for a bad option, Error for a port that is taken. */
export async function startDevEnsemble(options: DevEnsembleOptions = {}): Promise<DevEnsemble> {
  const ensemble = new InMemoryEnsemble(checkOptions(options))
  try {
    await ensemble.start()
  } catch (error) {
    await ensemble.close()
    throw error
  }
  return ensemble
}

class InMemoryEnsemble implements DevEnsemble {
  readonly #options: CheckedOptions
  readonly #clock = new Clock()
  readonly #state: EnsembleState
  readonly #servers: readonly Server[]
  #leader: number | null = null
  #nextSweepAt: number
  #timer: NodeJS.Timeout | undefined
  #tick: NodeJS.Immediate | undefined

  constructor(options: CheckedOptions) {
    this.#options = options
    this.#state = new EnsembleState(this.#clock, options.tickTimeMs)
    this.#servers = options.ports.map((port, index) => new Server(index, port))
    this.#nextSweepAt = this.#clock.now() + options.containerCheckIntervalMs
  }

  async start(): Promise<void> {
    for (const server of this.#servers) await server.start(this.#hostOf(server))
    this.#elect()
    this.#awaitTick()
  }

  get ports(): readonly number[] {
    return this.#servers.map(({ port }) => port)
  }

  get connectString(): string {
    return this.ports.map((port) => `127.0.0.1:${port}`).join(',')
  }

  get leader(): number | null {
    return this.#leader
  }

  sessions(): HexLong[] {
    return [...this.#state.sessions].map(({ id }) => hexOf(id))
  }

  serverOf(session: HexLong): number | null {
    const id = BigInt(session)
    return this.#servers.find((server) => server.connectionsOf(id).length > 0)?.index ?? null
  }

  async stopServer(index: number): Promise<void> {
    const stopped = this.#server(index).stop()
    const running = this.#servers.filter((server) => server.running)
    if (this.#leader === index || running.length < this.#majority) {
      for (const server of running) server.cutConnections()
      this.#leader = null
      this.#elect()
    }
    await stopped
  }

  async startServer(index: number): Promise<void> {
    const server = this.#server(index)
    await server.start(this.#hostOf(server))
    this.#elect()
  }

  expireSession(id: HexLong): boolean {
    const session = this.#state.sessions.get(BigInt(id))
    if (session === undefined) return false
    this.#endSession(session)
    return true
  }

  cutLinks(target: LinkTarget = {}): void {
    for (const connection of this.#links(target)) connection.destroy()
  }

  stallLinks(target: LinkTarget = {}): void {
    this.#setFaults({ stalled: true }, target)
  }

  resumeLinks(target: LinkTarget = {}): void {
    this.#setFaults({ stalled: false }, target)
  }

  delayAnswers(delayMs: number, target: LinkTarget = {}): void {
    this.#setFaults({ answerDelayMs: delayMs }, target)
  }

  skipTime(ms: number): void {
    this.#clock.skip(ms)
    this.#passTime()
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    clearImmediate(this.#tick)
    await Promise.all(this.#servers.map((server) => server.stop()))
  }

  get #majority(): number {
    return Math.floor(this.#servers.length / 2) + 1
  }

  /** If a majority runs without a leader, the server with the highest number leads, as ZooKeeper prefers it. */
  #elect(): void {
    const running = this.#servers.filter((server) => server.running)
    if (this.#leader !== null || running.length < this.#majority) return
    this.#leader = running.at(-1)?.index ?? null
    this.#state.sessions.touchAll()
    if (this.#servers.length > 1) this.#state.startEpoch()
  }

  /** Wakes at the end of each tick: only then do sessions end. */
  #awaitTick(): void {
    const { tickTimeMs } = this.#options
    const tick = () => {
      this.#passTime()
      this.#awaitTick()
    }
    // After a pause of the whole process, heartbeats that wait to be read are read first.
    this.#timer = setTimeout(
      () => {
        this.#tick = setImmediate(tick)
      },
      tickTimeMs - (this.#clock.now() % tickTimeMs),
    )
  }

  #passTime(): void {
    // Without a leader no server counts the timeouts.
    if (this.#leader === null) return
    for (const session of this.#state.sessions.overdue()) this.#endSession(session)
    if (this.#clock.now() < this.#nextSweepAt) return
    this.#nextSweepAt = this.#clock.now() + this.#options.containerCheckIntervalMs
    this.#state.sweep()
  }

  #endSession({ id }: Session, except?: Connection): void {
    this.#state.endSession(id)
    for (const server of this.#servers) {
      for (const connection of server.connectionsOf(id)) if (connection !== except) connection.end()
    }
  }

  #setFaults(faults: Partial<Faults>, target: LinkTarget): void {
    if (target.session !== undefined) {
      for (const connection of this.#links(target)) connection.suffer(faults)
    } else {
      for (const server of this.#serversOf(target)) server.setFaults(faults)
    }
  }

  #links(target: LinkTarget): Connection[] {
    const { session } = target
    return this.#serversOf(target).flatMap((server) =>
      session === undefined ? [...server.connections] : server.connectionsOf(BigInt(session)),
    )
  }

  #serversOf({ server }: LinkTarget): readonly Server[] {
    return server === undefined ? this.#servers : [this.#server(server)]
  }

  #server(index: number): Server {
    const server = this.#servers[index]
    if (server === undefined) {
      throw new RangeError(
        `there is no server ${index}; the ensemble has ${this.#servers.length}, counted from 0`,
      )
    }
    return server
  }

  #hostOf(server: Server): Host {
    const { minSessionTimeoutMs, maxSessionTimeoutMs, extendedTypes, persistentWatches, maxFrameBytes } =
      this.#options
    const leads = () => this.#leader === server.index
    return {
      index: server.index,
      state: this.#state,
      extendedTypes,
      persistentWatches,
      maxFrameBytes,
      isServing: () => this.#leader !== null,
      leads,
      negotiate: (timeoutMs) => Math.min(Math.max(timeoutMs, minSessionTimeoutMs), maxSessionTimeoutMs),
      answerWord: (word) => this.#answerWord(word, server),
      endConnectionOf: (sessionId) => {
        for (const connection of server.connectionsOf(sessionId)) connection.end()
      },
      endSession: (session, except) => this.#endSession(session, except),
    }
  }

  #answerWord(word: string, server: Server): string {
    if (this.#leader === null && word !== 'ruok') return NOT_SERVING
    const role = this.#leader === server.index ? 'leader' : 'follower'
    return answerTo(word, {
      ...this.#options,
      state: this.#state,
      mode: this.#servers.length === 1 ? 'standalone' : role,
      port: server.port,
      connections: [...server.connections],
    })
  }
}

function hexOf(id: bigint): HexLong {
  return `0x${id.toString(16)}`
}
