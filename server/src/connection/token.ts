import { CLOSE_CODES, type CloseCode } from 'zoogate-client/protocol'
import {
  type Authentication,
  type Authenticator,
  type Identity,
  REFUSAL_CODES,
} from '../access/authenticate.js'
import { TokenExpiry } from './token-expiry.js'

/** What a page's token does to its connection. */
export interface TokenPeer {
  askForToken(): void
  /** Whoever the page is has other rights from now on. */
  tokenRenewed(identity: Identity): void
  refuse(code: CloseCode, message: string, retryAfterMs?: number): void
  /** The check of a token has failed in a way that it must not. */
  fault(error: unknown): void
}

/** Asks again no sooner than this where a token could not be checked. */
const SHORTEST_RETRY_MS = 1_000

/** Who a connected page is, for as long as its token says so: takes fresh tokens, and ends with the last. */
export class PageToken {
  readonly #peer: TokenPeer
  readonly #authenticate: Authenticator
  readonly #expiry: TokenExpiry
  #identity: Identity
  /** The check that counts; the one of a newer token replaces it. Null when none is under way, or none counts. */
  #check: Promise<void> | null = null

  constructor(peer: TokenPeer, authenticate: Authenticator, identity: Identity) {
    this.#peer = peer
    this.#authenticate = authenticate
    this.#identity = identity
    this.#expiry = new TokenExpiry(
      {
        askForToken: () => peer.askForToken(),
        tokenExpired: () =>
          peer.refuse(CLOSE_CODES.TOKEN_EXPIRED, 'the token has expired; get a fresh one and resume'),
      },
      identity.expiresAt,
    )
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
      // The link keeps what it was given, and a page must not keep an identity that its token has lost.
      const message = 'the token names other ZooKeeper identities; redial with a fresh one and resume'
      this.#peer.refuse(CLOSE_CODES.TOKEN_EXPIRED, message)
    } else {
      this.#identity = fresh
      this.#expiry.renew(fresh.expiresAt)
      this.#peer.tokenRenewed(fresh)
    }
  }
}
