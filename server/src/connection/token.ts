import { CLOSE_CODES, type CloseCode } from 'zoogate-client/protocol'
import {
  type Authentication,
  type Authenticator,
  type Identity,
  REFUSAL_CODES,
} from '../access/authenticate.js'

/** The connection as its token needs it. */
export interface TokenPeer {
  askForToken(): void
  /** The page has other rights from now on. */
  tokenRenewed(identity: Identity): void
  refuse(code: CloseCode, message: string, retryAfterMs?: number): void
  /** The check of a token has failed by a fault of the gateway. */
  fault(error: unknown): void
}

/** The gateway asks again no sooner than this for a token that it could not check. */
const SHORTEST_RETRY_MS = 1_000
/** A page asks its own server for a token and sends it: a few seconds, also on a bad network. */
const REFRESH_MARGIN_MS = 30_000
/** The gateway asks for the successor of a short-lived token when this share of its life is left. */
const REFRESH_SHARE = 1 / 3
/** Wall clocks are set, and timers count at most 2³¹ ms: the clock is read again this often. */
const LOOK_AFTER_MS = 60_000

/**
 * The identity of a connected page, for as long as its token gives it. The gateway asks for a fresh token before the present
 * one expires, and ends the connection when it has. The token has a timer of its own, so that a silent page does not stay,
 * and a message costs no look at the clock.
 */
export class PageToken {
  readonly #peer: TokenPeer
  readonly #authenticate: Authenticator
  #identity: Identity
  /** The check of the newest token, which replaces earlier checks. Null while none is under way. */
  #check: Promise<void> | null = null
  /** Not set for a token that does not expire. */
  #timer: NodeJS.Timeout | undefined
  /** The time to ask for the next token, in milliseconds since the epoch; infinite once the gateway has asked. */
  #askAt = Number.POSITIVE_INFINITY

  constructor(peer: TokenPeer, authenticate: Authenticator, identity: Identity) {
    this.#peer = peer
    this.#authenticate = authenticate
    this.#identity = identity
    this.#expireAt(identity.expiresAt)
  }

  get identity(): Identity {
    return this.#identity
  }

  /** The page brings a fresh token. */
  renew(token: string): void {
    const result = this.#authenticate(token)
    if (!(result instanceof Promise)) {
      this.#check = null
      this.#judge(result)
      return
    }
    const check: Promise<void> = result.then((authentication) => {
      if (this.#check !== check) return
      this.#check = null
      this.#judge(authentication)
    })
    this.#check = check
    check.catch((error: unknown) => this.#peer.fault(error))
  }

  stop(): void {
    this.#check = null
    clearTimeout(this.#timer)
  }

  #judge(authentication: Authentication): void {
    if (authentication.ok) {
      this.#take(authentication.identity)
      return
    }
    const { cause, message, retryAfterMs } = authentication
    // The token that the page came with is still good.
    if (cause === 'unverified') this.#askAgain(Math.max(SHORTEST_RETRY_MS, retryAfterMs ?? 0))
    else this.#peer.refuse(REFUSAL_CODES[cause], message)
  }

  #take(fresh: Identity): void {
    const { subject, issuer, chroot, auth } = this.#identity
    if (fresh.subject !== subject || fresh.issuer !== issuer || fresh.chroot !== chroot) {
      const message = 'the token is for another subject, issuer or chroot; open another connection with it'
      this.#peer.refuse(CLOSE_CODES.FORBIDDEN, message)
    } else if (JSON.stringify(fresh.auth) !== JSON.stringify(auth)) {
      // The link keeps its identities, and a page must not keep an identity that its token has lost.
      const message = 'the token names other ZooKeeper identities; redial with a fresh one and resume'
      this.#peer.refuse(CLOSE_CODES.TOKEN_EXPIRED, message)
    } else {
      this.#identity = fresh
      this.#expireAt(fresh.expiresAt)
      this.#peer.tokenRenewed(fresh)
    }
  }

  // ---- the expiry ----

  #expireAt(expiresAt: number | null): void {
    clearTimeout(this.#timer)
    if (expiresAt === null) return
    const lifeMs = Math.max(0, expiresAt - Date.now())
    this.#askAt = expiresAt - Math.min(REFRESH_MARGIN_MS, lifeMs * REFRESH_SHARE)
    this.#arm(expiresAt)
  }

  /** The page's token could not be checked: asks once more. */
  #askAgain(afterMs: number): void {
    clearTimeout(this.#timer)
    this.#askAt = Date.now() + afterMs
    this.#arm(this.#identity.expiresAt ?? Number.POSITIVE_INFINITY)
  }

  #look(expiresAt: number): void {
    const now = Date.now()
    if (now >= expiresAt) {
      const message = 'the token has expired; get a fresh one and resume'
      this.#peer.refuse(CLOSE_CODES.TOKEN_EXPIRED, message)
      return
    }
    if (now >= this.#askAt) {
      this.#askAt = Number.POSITIVE_INFINITY
      this.#peer.askForToken()
    }
    this.#arm(expiresAt)
  }

  #arm(expiresAt: number): void {
    const waitMs = Math.min(this.#askAt, expiresAt) - Date.now()
    this.#timer = setTimeout(() => this.#look(expiresAt), Math.max(1, Math.min(LOOK_AFTER_MS, waitMs)))
  }
}
