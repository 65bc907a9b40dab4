import { CLOSE_CODES, type CloseCode, type Hello } from 'zoogate-client/protocol'
import {
  type Authentication,
  type Authenticator,
  type Identity,
  REFUSAL_CODES,
} from '../access/authenticate.js'
import type { Parsed } from '../wire/protocol.js'

export const HELLO_FIRST = 'the first message is hello'

/** The connection as its greeting needs it. */
export interface GreetedPeer {
  refuse(code: CloseCode, message: string, retryAfterMs?: number): void
  /** The token is good. */
  accepted(hello: Hello, identity: Identity): void
  pong(id: number): void
  /** The check of the token has failed by a fault of the gateway. */
  fault(error: unknown): void
}

export interface GreetingOptions {
  authenticate: Authenticator
  /** Milliseconds from the upgrade to the end of the greeting. */
  withinMs: number
  /**
   * The token that came with the upgrade, for a hello that brings none. '' where the request had no such cookie; null where
   * the gateway takes no cookies.
   */
  cookie: string | null
}

// waiting ──► checking ──► ended
//    └───────────────────►┘
//
// checking: the gateway fetches the keys that check the token; a static key needs no such wait
type State = 'waiting' | 'checking' | 'ended'

/** The beginning of a connection: from the upgrade until the identity of the page is known. */
export class Greeting {
  readonly #peer: GreetedPeer
  readonly #options: GreetingOptions
  readonly #deadline: NodeJS.Timeout
  #state: State = 'waiting'

  constructor(peer: GreetedPeer, options: GreetingOptions) {
    this.#peer = peer
    this.#options = options
    this.#deadline = setTimeout(() => this.#late(), options.withinMs)
  }

  /** One message of the page, which may be unreadable. */
  receive(parsed: Parsed): void {
    const message = parsed.kind === 'message' ? parsed.message : null
    if (this.#state === 'waiting') {
      if (message?.type === 'hello') this.#hello(message)
      else this.#peer.refuse(CLOSE_CODES.BAD_MESSAGE, HELLO_FIRST)
      return
    }
    // A call has no session to run on yet; but a page may probe its link, and may leave, at any time.
    if (message?.type === 'ping') this.#peer.pong(message.id)
    else if (message?.type === 'close') {
      this.#peer.refuse(CLOSE_CODES.CLOSED, 'closed before there was a session')
    } else this.#peer.refuse(CLOSE_CODES.BAD_MESSAGE, 'the hello is being checked; wait for the session')
  }

  /** The connection is open, or over. */
  end(): void {
    this.#state = 'ended'
    clearTimeout(this.#deadline)
  }

  #hello(hello: Hello): void {
    const token = hello.token === '' ? this.#options.cookie : hello.token
    if (!token) {
      this.#refuseEmpty(token)
      return
    }
    const result = this.#options.authenticate(token)
    if (!(result instanceof Promise)) {
      this.#judge(hello, result)
      return
    }
    this.#state = 'checking'
    result
      .then((authentication) => {
        // The page may have gone meanwhile.
        if (this.#state === 'checking') this.#judge(hello, authentication)
      })
      .catch((error: unknown) => this.#peer.fault(error))
  }

  #refuseEmpty(cookie: string | null): void {
    if (cookie === null) {
      const message = 'the token is empty, and this gateway takes none from a cookie; send one in the hello'
      this.#peer.refuse(CLOSE_CODES.BAD_MESSAGE, message)
    } else {
      const message = 'neither the hello nor a cookie brought a token; log in again'
      this.#peer.refuse(CLOSE_CODES.TOKEN_INVALID, message)
    }
  }

  #judge(hello: Hello, authentication: Authentication): void {
    if (authentication.ok) {
      this.#peer.accepted(hello, authentication.identity)
      return
    }
    const { cause, message, retryAfterMs } = authentication
    this.#peer.refuse(REFUSAL_CODES[cause], message, retryAfterMs)
  }

  #late(): void {
    if (this.#state === 'checking') {
      const message = 'the key of this token could not be fetched in time; come back with it'
      this.#peer.refuse(CLOSE_CODES.UNVERIFIED, message)
    } else {
      this.#peer.refuse(CLOSE_CODES.HELLO_TIMEOUT, 'no hello arrived in time; send it as the first message')
    }
  }
}
