import { type LookupAddress, lookup } from 'node:dns'
import { connect, isIP, type LookupFunction, Socket } from 'node:net'
import { createSecureContext, type SecureContext, connect as tlsConnect } from 'node:tls'
import type { Server } from './server-list.js'

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

/**
 * Without TLS. The name is resolved anew each time, and its addresses are tried in a random order: each gets its turn, and
 * a dead address does not cost the same links again and again.
 */
export const dialTcp: Dial = (server, withinMs) => connect(target(server, withinMs, lookup))

/**
 * With TLS, otherwise as `dialTcp`.
 * @throws Error when certificates or keys cannot be read
 */
export function dialTls(options: TlsOptions): Dial {
  const { rejectUnauthorized = true, servername } = options
  const secureContext = contextOf(options)
  return (server, withinMs) =>
    tlsConnect({
      ...target(server, withinMs, lookup),
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

/** Options of `connect`, with a resolver as a parameter. */
export function target({ host, port }: Server, withinMs: number, resolve: LookupFunction) {
  return {
    host,
    port,
    lookup: inRandomOrder(resolve),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: Math.min(LONGEST_ATTEMPT_MS, Math.ceil(withinMs / ATTEMPTS_IN_TIME)),
  }
}

function inRandomOrder(resolve: LookupFunction): LookupFunction {
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
