import { type LookupAddress, lookup } from 'node:dns'
import { connect, isIP, type LookupFunction, Socket } from 'node:net'
import { createSecureContext, type SecureContext, connect as tlsConnect } from 'node:tls'

// The servers of an ensemble: their list, and how one of them is dialled.

/** The `clientPort` in every sample configuration of ZooKeeper. */
const DEFAULT_PORT = 2181

const HIGHEST_PORT = 65_535

export interface Server {
  readonly host: string
  readonly port: number
}

/** `host:port`, with brackets around IPv6. */
export function serverName({ host, port }: Server): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** One link's position in the list. Each round visits every server once. */
export interface ServerCursor {
  /** Servers of one round. */
  readonly size: number
  next(): Server
  /** Makes `next` give the same server once more. */
  repeat(): void
}

/**
 * The servers of an ensemble, parsed once and shared by every link. Host names are kept as they are, so that each
 * dial resolves them anew.
 */
export class ServerList {
  readonly #servers: readonly Server[]

  private constructor(servers: readonly Server[]) {
    this.#servers = servers
  }

  get size(): number {
    return this.#servers.length
  }

  /**
   * Reads a ZooKeeper connect string: `host[:port],host[:port]…[/chroot]`, IPv6 addresses in brackets.
   * `chroot` is '' if there is none, else it starts with a slash and does not end with one.
   * @throws Error that quotes the part which cannot be used.
   */
  static parse(connectString: string): { servers: ServerList; chroot: string } {
    const slash = connectString.indexOf('/')
    const hosts = slash < 0 ? connectString : connectString.slice(0, slash)
    const chroot = slash < 0 ? '' : parseChroot(connectString.slice(slash))
    return { servers: new ServerList(hosts.split(',').map((part) => parseServer(part.trim()))), chroot }
  }

  /**
   * A cursor for one link. It starts anywhere and goes forwards or backwards: when a server dies, its links spread over both
   * neighbours instead of all going to one.
   */
  cursor(random: () => number = Math.random): ServerCursor {
    const servers = this.#servers
    const size = servers.length
    let index = Math.floor(random() * size)
    const step = random() < 0.5 ? 1 : size - 1
    return {
      size,
      next() {
        const server = servers[index]
        index = (index + step) % size
        if (!server) throw new RangeError(`random() must stay below 1: it led to server ${index} of ${size}`)
        return server
      },
      repeat() {
        index = (index + size - step) % size
      },
    }
  }
}

function parseServer(part: string): Server {
  if (part === '') throw new Error('The connect string has an empty server: write host:port,host:port')
  const match = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:[\]]+))(?::(.*))?$/.exec(part)
  const host = match?.[1] ?? match?.[2]
  if (host === undefined) {
    throw new Error(
      `Cannot read the server "${part}": write host:port, and IPv6 addresses as [::1]:${DEFAULT_PORT}`,
    )
  }
  return { host, port: match?.[3] === undefined ? DEFAULT_PORT : parsePort(match[3], part) }
}

function parsePort(text: string, part: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > HIGHEST_PORT) {
    throw new Error(`The port of the server "${part}" must be a number from 1 to ${HIGHEST_PORT}`)
  }
  return port
}

function parseChroot(text: string): string {
  const chroot = text.replace(/\/$/, '')
  const segments = chroot.split('/').slice(1)
  if (
    segments.some(
      (segment) => segment === '' || segment === '.' || segment === '..' || segment.includes('\0'),
    )
  ) {
    throw new Error(
      `The chroot "${text}" is no ZooKeeper path: write /one/two, without empty, "." or ".." parts`,
    )
  }
  return chroot
}

// ---- dialling ----

/** Starts a connection, which then has `withinMs` milliseconds to be established. */
export type Dial = (server: Server, withinMs: number) => Socket

/** TLS towards the servers' `secureClientPort`. Certificates and keys are PEM text, as `node:tls` takes them. */
export interface TlsOptions {
  /** The authority that signed the servers' certificates. @default the authorities that Node trusts */
  ca?: string | Buffer
  /** Our certificate and its key. Servers ask for one by default (`ssl.clientAuth`). */
  cert?: string | Buffer
  key?: string | Buffer
  /** Of the key. */
  passphrase?: string
  /** The name that stands in the servers' certificates. @default the host that is dialled */
  servername?: string
  /** False accepts any certificate. @default true */
  rejectUnauthorized?: boolean
}

/** Node's own default, below which an address on another continent has no chance. */
const LONGEST_ATTEMPT_MS = 250

/** An address that does not answer leaves three quarters of the time to the other addresses of the name. */
const ATTEMPTS_IN_TIME = 4

const LOOKUP = inRandomOrder(lookup)

/**
 * Without TLS. The name is resolved anew each time, and its addresses are tried in a random order: each gets its turn, and
 * a dead address does not cost the same links again and again.
 */
export const dialTcp: Dial = (server, withinMs) => connect(target(server, withinMs, LOOKUP))

/**
 * With TLS, otherwise as `dialTcp`.
 * @throws Error when certificates or keys cannot be read
 */
export function dialTls(options: TlsOptions): Dial {
  const { rejectUnauthorized = true, servername } = options
  const secureContext = contextOf(options)
  return (server, withinMs) =>
    tlsConnect({
      ...target(server, withinMs, LOOKUP),
      secureContext,
      rejectUnauthorized,
      servername: servername ?? (isIP(server.host) ? '' : server.host),
    })
}

/** As these options say. A dial that throws gives a socket that fails: no failure comes before the caller is done. */
export function dial(options: { dial?: Dial; tls?: TlsOptions }, server: Server, withinMs: number): Socket {
  try {
    const open = options.dial ?? (options.tls === undefined ? dialTcp : dialTls(options.tls))
    return open(server, withinMs)
  } catch (error) {
    return new Socket().destroy(error instanceof Error ? error : new Error(String(error)))
  }
}

/** By the options, which all links of a gateway share: reading the certificates takes 6 ms, which no dial should cost again. */
const contexts = new WeakMap<TlsOptions, SecureContext>()

function contextOf(options: TlsOptions): SecureContext {
  const { ca, cert, key, passphrase } = options
  const context = contexts.get(options) ?? createSecureContext({ ca, cert, key, passphrase })
  contexts.set(options, context)
  return context
}

/** Options of `connect`, with a resolver from `inRandomOrder`. */
export function target({ host, port }: Server, withinMs: number, lookup: LookupFunction) {
  return {
    host,
    port,
    lookup,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: Math.min(LONGEST_ATTEMPT_MS, Math.ceil(withinMs / ATTEMPTS_IN_TIME)),
  }
}

export function inRandomOrder(resolve: LookupFunction): LookupFunction {
  return (host, options, callback) => {
    resolve(host, options, (error, addresses, family) => {
      callback(error, Array.isArray(addresses) ? shuffled(addresses) : addresses, family)
    })
  }
}

function shuffled(addresses: LookupAddress[]): LookupAddress[] {
  return addresses
    .map((address) => ({ address, rank: Math.random() }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ address }) => address)
}
