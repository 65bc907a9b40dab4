import type { WatchEventType } from 'zoogate-client/protocol'
import {
  type AttachedSession,
  type CallResult,
  EnsembleLink,
  type LinkLoss,
  ServerList,
} from '../../zookeeper/index.js'

/** Longer than the gateway's: doctor is run when an ensemble is slow. */
const ATTACH_TIMEOUT_MS = 3_000

/** A server counts earlier connections of doctor against maxClientCnxns until it has noticed their end. */
const RETRY_FOR_MS = 3_000
const RETRY_MS = 100

const EVENT_TIMEOUT_MS = 2_000

export interface ProbeOptions {
  /** The session timeout to ask for. @default 10_000 */
  timeoutMs?: number
  /** Resumes this session instead of opening one. */
  session?: AttachedSession
}

/** A session could not be opened or resumed; the message says why. */
export class AttachError extends Error {
  override readonly name = 'AttachError'
}

/** One ZooKeeper session for the checks, with promises. */
export class ProbeSession {
  readonly link: EnsembleLink
  readonly attached: AttachedSession
  readonly #events: EventWaiter

  private constructor(link: EnsembleLink, attached: AttachedSession, events: EventWaiter) {
    this.link = link
    this.attached = attached
    this.#events = events
  }

  /**
   * @param server `host:port`
   * @throws AttachError
   */
  static open(server: string, { timeoutMs = 10_000, session }: ProbeOptions = {}): Promise<ProbeSession> {
    return new Promise((resolve, reject) => {
      const refuse = (message: string) => reject(new AttachError(message))
      const retryUntil = performance.now() + RETRY_FOR_MS
      const events = new EventWaiter()
      const link: EnsembleLink = new EnsembleLink({
        servers: ServerList.parse(server).servers.cursor(),
        sessionTimeoutMs: timeoutMs,
        handshakeTimeoutMs: ATTACH_TIMEOUT_MS,
        ...(session && { session }),
        listener: {
          linkAttached: (attached) => resolve(new ProbeSession(link, attached, events)),
          linkLost: ({ cause, message }: LinkLoss) => {
            const again = cause === 'refused_at_handshake' && performance.now() < retryUntil
            if (again) setTimeout(() => link.attach(), RETRY_MS)
            else refuse(message)
          },
          linkExpired: () => refuse('the server does not know the session'),
          linkAuthFailed: () => refuse('the server refused the credentials'),
          linkMoved: () => refuse('the session has moved to another connection'),
          linkEvent: ({ type, path }) => events.came(type, path),
        },
      })
      link.attach()
    })
  }

  /** The result of one call on the link. */
  ask<T>(call: (callback: (result: CallResult<T>) => void) => void): Promise<CallResult<T>> {
    return new Promise((resolve) => call(resolve))
  }

  /** Whether this event has come, or comes in time. */
  hears(type: WatchEventType, path: string): Promise<boolean> {
    return this.#events.wait(type, path)
  }

  /** Closes the session; its ephemeral nodes go. */
  close(): Promise<void> {
    return new Promise((resolve) => this.link.closeSession(() => resolve()))
  }

  /** Leaves the session open, to be resumed on another server. */
  detach(): void {
    this.link.detach()
  }
}

class EventWaiter {
  readonly #seen = new Set<string>()
  readonly #waiting = new Map<string, () => void>()

  came(type: WatchEventType, path: string): void {
    const event = `${type} ${path}`
    this.#seen.add(event)
    this.#waiting.get(event)?.()
  }

  wait(type: WatchEventType, path: string): Promise<boolean> {
    const event = `${type} ${path}`
    if (this.#seen.has(event)) return Promise.resolve(true)
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), EVENT_TIMEOUT_MS)
      this.#waiting.set(event, () => {
        clearTimeout(timer)
        resolve(true)
      })
    })
  }
}
