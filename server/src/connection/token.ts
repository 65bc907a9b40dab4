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

/** The identity of a connected page, for as long as its token gives it: takes fresh tokens, and ends with the last. */
export class PageToken {
  readonly #peer: TokenPeer
  readonly #authenticate: Authenticator
  readonly #expiry: TokenExpiry
  #identity: Identity
  /** The check of the newest token, which replaces earlier checks. Null while none is under way. */
  #check: Promise<void> | null = null

  constructor(peer: TokenPeer, authenticate: Authenticator, identity: Identity) {
    this.#peer = peer
    this.#authenticate = authenticate
    this.#identity = identity
    this.#expiry = new TokenExpiry(peer, identity.expiresAt)
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
    this.#expiry.stop()
  }

  #judge(authentication: Authentication): void {
    if (authentication.ok) {
      this.#take(authentication.identity)
      return
    }
    const { cause, message, retryAfterMs } = authentication
    // The token that the page came with is still good.
    if (cause === 'unverified') this.#expiry.askAgain(Math.max(SHORTEST_RETRY_MS, retryAfterMs ?? 0))
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
      this.#expiry.renew(fresh.expiresAt)
      this.#peer.tokenRenewed(fresh)
    }
  }
}

/** The connection as the clock of its token needs it. */
export type ExpiryPeer = Pick<TokenPeer, 'askForToken' | 'refuse'>

/** A page asks its own server for a token and sends it: a few seconds, also on a bad network. */
const REFRESH_MARGIN_MS = 30_000
/** The gateway asks for the successor of a short-lived token when this share of its life is left. */
const REFRESH_SHARE = 1 / 3
/** Wall clocks are set, and timers count at most 2³¹ ms: the clock is read again this often. */
const LOOK_AFTER_MS = 60_000

/**
 * Asks for a fresh token before the present one expires, and ends the connection when it has. It has a timer of its own, so
 * that a silent page does not stay, and a message costs no look at the clock.
 */
export class TokenExpiry {
  readonly #peer: ExpiryPeer
  #timer: NodeJS.Timeout | undefined
  /** Milliseconds since the epoch; infinite for a token that does not expire. */
  #expiresAt = Number.POSITIVE_INFINITY
  /** The time to ask for the next token; infinite once the gateway has asked. */
  #askAt = Number.POSITIVE_INFINITY

  /** @param expiresAt milliseconds since the epoch, or null for never */
  constructor(peer: ExpiryPeer, expiresAt: number | null) {
    this.#peer = peer
    this.renew(expiresAt)
  }

  /** Another token counts from now on. */
  renew(expiresAt: number | null): void {
    clearTimeout(this.#timer)
    this.#expiresAt = expiresAt ?? Number.POSITIVE_INFINITY
    const lifeMs = this.#expiresAt - Date.now()
    this.#askAt = this.#expiresAt - Math.min(REFRESH_MARGIN_MS, Math.max(0, lifeMs) * REFRESH_SHARE)
    if (expiresAt !== null) this.#arm()
  }

  /** The page's token could not be checked: asks once more. */
  askAgain(afterMs: number): void {
    clearTimeout(this.#timer)
    this.#askAt = Date.now() + afterMs
    this.#arm()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #look(): void {
    const now = Date.now()
    if (now >= this.#expiresAt) {
      const message = 'the token has expired; get a fresh one and resume'
      this.#peer.refuse(CLOSE_CODES.TOKEN_EXPIRED, message)
      return
    }
    if (now >= this.#askAt) {
      this.#askAt = Number.POSITIVE_INFINITY
      this.#peer.askForToken()
    }
    this.#arm()
  }

  #arm(): void {
    const waitMs = Math.min(this.#askAt, this.#expiresAt) - Date.now()
    this.#timer = setTimeout(() => this.#look(), Math.max(1, Math.min(LOOK_AFTER_MS, waitMs)))
  }
}
