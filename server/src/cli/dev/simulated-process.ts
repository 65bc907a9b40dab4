import { randomUUID } from 'node:crypto'
import {
  type AclEntry,
  CREATE_FLAGS,
  EnsembleLink,
  ERR,
  PERMISSION,
  type ServerList,
} from '../../zookeeper/index.js'

/** The view of the service board shows the nodes below. */
export const SERVICES_ROOT = '/services'

/** Short, so that a killed backend leaves while its visitor still looks. */
const SESSION_TIMEOUT_MS = 5_000
/** Less than a third of the session timeout, because the updates keep the session alive. */
const UPDATE_MS = 1_500
const RETRY_MS = 250

const ANYONE: readonly AclEntry[] = [{ perms: PERMISSION.ALL, scheme: 'world', id: 'anyone' }]

export interface SimulatedRole {
  service: string
  name: string
  port: number
  version: string
  /** The load that it varies around, from 0 to 1. */
  usualLoad: number
}

/** A simulated backend with its own session, its node in the catalogue and its candidacy. */
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
    this.#update = setInterval(() => this.#publish(), UPDATE_MS)
  }

  /** Closes the session: the nodes go at once. */
  stop(): Promise<void> {
    clearInterval(this.#update)
    return new Promise((resolve) => this.#link.closeSession(() => resolve()))
  }

  /** Detaches the link: the nodes go when the session times out. */
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
        // After `stop` and `kill` the link is not idle, and stays as it is.
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

  /** Requests of one link run in order: each finds the nodes of the one before. The next attach repeats what has failed. */
  #register(): void {
    const parents = [SERVICES_ROOT, `${SERVICES_ROOT}/${this.#role.service}`, this.#election]
    for (const path of parents)
      this.#link.create(path, Buffer.alloc(0), ANYONE, CREATE_FLAGS.PERSISTENT, ignore)
    this.#publish()
    this.#link.getEphemerals(`${this.#election}/`, (result) => {
      if ('value' in result && result.value.paths.length === 0) this.#runForLeader()
    })
  }

  /** In the layout of kazoo's Election, so that kazoo's contenders take part. */
  #runForLeader(): void {
    const path = `${this.#election}/${randomUUID().replaceAll('-', '')}__lock__`
    this.#link.create(path, Buffer.from(this.#role.name), ANYONE, CREATE_FLAGS.EPHEMERAL_SEQUENTIAL, ignore)
  }

  #publish(): void {
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
      if (err === ERR.NO_NODE) this.#link.create(this.#path, data, ANYONE, CREATE_FLAGS.EPHEMERAL, ignore)
    })
  }
}

/** A random step, and a part of the way back to the usual load. */
function wander(load: number, usual: number): number {
  const next = load + (Math.random() - 0.5) * 0.2 + (usual - load) * 0.15
  return Math.min(0.99, Math.max(0.01, next))
}

/** The next attach or the next update repeats a request that failed. */
function ignore(): void {}
