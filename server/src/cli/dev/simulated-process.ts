import { randomUUID } from 'node:crypto'
import { type AclEntry, EnsembleLink, errorCodeOf, type ServerList } from '../../zookeeper/index.js'

/** Where the board looks for services. */
export const SERVICES_ROOT = '/services'

/** Short enough that somebody who has killed one still looks when it leaves. */
const SESSION_TIMEOUT_MS = 5_000
/** Also what keeps the session alive: less than a third of its timeout. */
const UPDATE_MS = 1_500
const RETRY_MS = 250

const EVERYBODY: readonly AclEntry[] = [{ perms: 31, scheme: 'world', id: 'anyone' }]
const PERSISTENT = 0
const EPHEMERAL = 1
const EPHEMERAL_SEQUENTIAL = 3
const NO_NODE = 'NO_NODE'

export interface SimulatedRole {
  service: string
  name: string
  port: number
  version: string
  /** What its load goes up and down around, from 0 to 1. */
  usualLoad: number
}

/** A backend as it would run beside its service: a session of its own, its node in the catalogue, its candidacy. */
export class SimulatedProcess {
  readonly #servers: ServerList
  readonly #role: SimulatedRole
  readonly #startedAt = Date.now()
  readonly #update: NodeJS.Timeout
  #load: number
  #link: EnsembleLink

  constructor(servers: ServerList, role: SimulatedRole) {
    this.#servers = servers
    this.#role = role
    this.#load = role.usualLoad
    this.#link = this.#open()
    this.#update = setInterval(() => this.#tell(), UPDATE_MS)
  }

  /** Ends it with its session: it leaves at once. */
  stop(): Promise<void> {
    clearInterval(this.#update)
    return new Promise((resolve) => this.#link.closeSession(() => resolve()))
  }

  /** Ends it without a word: it leaves when its session's time has passed. */
  kill(): void {
    clearInterval(this.#update)
    this.#link.detach()
  }

  get #path(): string {
    return `${SERVICES_ROOT}/${this.#role.service}/${this.#role.name}`
  }

  get #election(): string {
    return `${SERVICES_ROOT}/${this.#role.service}/election`
  }

  #open(): EnsembleLink {
    const reopen = () => {
      this.#link = this.#open()
    }
    const link = new EnsembleLink({
      servers: this.#servers.cursor(),
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      listener: {
        linkAttached: () => this.#register(),
        // Does nothing for a process that has ended: its link is not idle.
        linkLost: () => void setTimeout(() => link.linkState === 'idle' && link.attach(), RETRY_MS),
        linkExpired: reopen,
        linkMoved: reopen,
        linkAuthFailed: reopen,
        linkEvent: () => undefined,
      },
    })
    link.attach()
    return link
  }

  /** Requests of one link run in order: each finds what the one before has made. What fails is made up for later. */
  #register(): void {
    const parents = [SERVICES_ROOT, `${SERVICES_ROOT}/${this.#role.service}`, this.#election]
    for (const path of parents) this.#link.create(path, Buffer.alloc(0), EVERYBODY, PERSISTENT, ignore)
    this.#tell()
    this.#link.getEphemerals(`${this.#election}/`, (result) => {
      if ('value' in result && result.value.paths.length === 0) this.#stand()
    })
  }

  /** As kazoo's Election does, whose contenders it takes part with. */
  #stand(): void {
    const path = `${this.#election}/${randomUUID().replaceAll('-', '')}__lock__`
    this.#link.create(path, Buffer.from(this.#role.name), EVERYBODY, EPHEMERAL_SEQUENTIAL, ignore)
  }

  #tell(): void {
    this.#load = wander(this.#load, this.#role.usualLoad)
    const { port, version } = this.#role
    const data = Buffer.from(
      JSON.stringify({
        host: '127.0.0.1',
        port,
        version,
        started: this.#startedAt,
        load: Number(this.#load.toFixed(2)),
        simulated: true,
      }),
    )
    this.#link.setData(this.#path, data, -1, ({ err }) => {
      if (errorCodeOf(err) === NO_NODE) this.#link.create(this.#path, data, EVERYBODY, EPHEMERAL, ignore)
    })
  }
}

/** A step at random, and back a part of the way to where it usually is. */
function wander(load: number, usual: number): number {
  const next = load + (Math.random() - 0.5) * 0.2 + (usual - load) * 0.15
  return Math.min(0.99, Math.max(0.01, next))
}

/** The next attach, or the next round of updates, finds what is missing. */
function ignore(): void {}
