import type { HexLong, WatchEventType, WatchLists } from 'zoogate-client/protocol'
import type { Loss } from './loss.js'
import type { Dial, ServerCursor, TlsOptions } from './servers.js'

/**
 * ```
 *            attach()            TCP             ConnectResponse           all answered
 *   idle ───────────▶ dialing ─────────▶ handshaking ─────────▶ restoring ─────────▶ attached
 *    ▲                   │                    │                     │                   │
 *    └───────────────────┴─────── linkLost ───┴─────────────────────┴───────────────────┘
 *
 *   any ──closeSession()──▶ closing ──answered, refused or too late──▶ ended
 *   any ──detach(), expired, authentication failed, moved────────────▶ ended
 * ```
 */
export type LinkState = 'idle' | 'dialing' | 'handshaking' | 'restoring' | 'attached' | 'closing' | 'ended'

export interface AttachedSession {
  /** 8 bytes. */
  id: Buffer
  /** 16 bytes. */
  password: Buffer
  /** As the ensemble granted it. */
  timeoutMs: number
  /** The newest zxid seen, up to which the watches were checked; `0x0` before the first. */
  zxid: HexLong
  /**
   * The server has lost its quorum: reads work, writes end with -119. Only if `LinkOptions.readOnly` allows it. No other
   * server knows a session that begins on such a server; the session ends with the server's read-only state.
   */
  readOnly: boolean
}

export interface LinkLoss extends Loss {
  /** `host:port`. */
  server: string
}

/** The owner of a link. Calls are synchronous, in the order in which the server sent their causes. */
export interface LinkListener {
  /** After the ConnectResponse and every answer to auth and setWatches; events that these provoked came before. */
  linkAttached(session: AttachedSession): void
  /** The attempt failed, or the connection broke. Calls in flight were failed before; the link is idle. */
  linkLost(loss: LinkLoss): void
  /** Final: the ensemble does not know this session any more. */
  linkExpired(): void
  /** Final: the ensemble refused the credentials. */
  linkAuthFailed(): void
  /** Final: the session was attached over another server meanwhile. */
  linkMoved(): void
  /**
   * A watch has fired. One-shot watches of this path and type are gone now, lasting ones stay. The path is the ensemble's.
   */
  linkEvent(event: { type: WatchEventType; path: string }): void
}

export interface LinkOptions {
  servers: ServerCursor
  listener: LinkListener
  /** The session timeout to ask for, in milliseconds; the ensemble decides. */
  sessionTimeoutMs: number
  /** Resumes this session: 8 and 16 bytes. Absent: the first attach creates one. */
  session?: { id: Buffer; password: Buffer }
  /** The newest zxid that this process has seen for the session's user. Servers that are behind it refuse the link. @default 0x0 */
  lastZxid?: HexLong
  /**
   * The newest zxid that the session's user claims to have seen, instead of `lastZxid`: a server has to show that it is not
   * behind it, see `Restore`. @default 0x0
   */
  claimedZxid?: HexLong
  /** Watches to set again at each attach, as the ensemble's paths. @default none */
  watches?: WatchLists
  /** Accepts servers that have lost their quorum; see `AttachedSession.readOnly`. @default false */
  readOnly?: boolean
  /** Sent at each attach before anything else. @default none */
  auth?: readonly { scheme: string; auth: Buffer }[]
  /**
   * Milliseconds for one attempt: TCP, ConnectResponse, auth and watches.
   * @default one round over all servers takes half of the session timeout, so that dead servers do not cost the session;
   * at least 250 ms and at most 2 s
   */
  handshakeTimeoutMs?: number
  /** Most calls without an answer; one more fails at once with -127. @default 1000 */
  maxCallsInFlight?: number
  /** Most bytes of requests that the kernel has not taken; above, a call fails at once with -127. @default 4 MiB */
  maxUnsentBytes?: number
  /** Bytes. The link drops a server that sends a longer frame. @default 8 MiB */
  maxReplyBytes?: number
  /** Dials the servers with TLS. Give all links the same object. @default without */
  tls?: TlsOptions
  /** Opens the connections instead. @default `dialTls` if `tls` is given, else `dialTcp` */
  dial?: Dial
}

/** A server's own queue is as long by default (`globalOutstandingLimit`). */
export const DEFAULT_MAX_CALLS_IN_FLIGHT = 1_000

/** Four requests of ZooKeeper's largest size (`jute.maxbuffer`, 1 MiB): a server that does not read gets no more. */
export const DEFAULT_MAX_UNSENT_BYTES = 4 * 1024 * 1024

/** Far above the largest node and the children of the largest folder that a server with sane settings holds. */
export const DEFAULT_MAX_REPLY_BYTES = 8 * 1024 * 1024
