import { KeyObject } from 'node:crypto'
import { createRemoteJWKSet, customFetch, errors } from 'jose'

// The keys of an identity provider. They are fetched from its JWKS address when a token needs them, never by a timer.
//
//   younger than REFRESH_AFTER_MS    used as they are
//   older                            used, and fetched anew meanwhile
//   older than the maximum age       no longer used: a key that its provider has revoked must not last
//   without the kid of the token     fetched anew first: the provider may have rotated its keys
//
// jose fetches, checks and chooses. This file decides when to fetch, because jose's cooldown begins with a success and its
// cache ends with an outage: every hello would ask a provider that is down, and all pages would go down with it.

/** Shorter than the deadline of the hello, so that the page learns which of the two it was. */
const FETCH_TIMEOUT_MS = 3_000
/** Large providers publish a dozen keys with their certificates in 30 KB. */
const MAX_JWKS_BYTES = 131_072
/** The delay until a withdrawn key is refused. A new key is found at once. */
const REFRESH_AFTER_MS = 600_000
/** Made-up kids make the gateway ask at most six times a minute. Pages return soon after an outage of the provider. */
const COOLDOWN_MS = 10_000
/** Providers name keys by hashes and dates. */
const MAX_KID_LENGTH = 256

/** Reports the fetching to the operator. */
export interface JwksReport {
  fetched(ok: boolean): void
  /** The keys cannot be fetched; `message` names the host, the reason and the consequence. */
  failed(message: string): void
}

export type KeyLookup =
  | { state: 'found'; key: KeyObject }
  /** The provider has no such key. */
  | { state: 'unknown' }
  /** The provider could not be asked; try again after `retryAfterMs`. */
  | { state: 'unavailable'; retryAfterMs: number }

/** The last attempt to fetch the keys. */
interface Attempt {
  at: number
  state: 'running' | 'ok' | 'failed'
  /** Never rejects. */
  ended: Promise<void>
}

export class RemoteKeys {
  readonly #keys: ReturnType<typeof createRemoteJWKSet>
  readonly #host: string
  readonly #maxAgeMs: number
  readonly #report: JwksReport
  readonly #now: () => number
  #fetchedAt = Number.NEGATIVE_INFINITY
  #attempt: Attempt = { at: Number.NEGATIVE_INFINITY, state: 'failed', ended: Promise.resolve() }

  /**
   * @param maxAgeMs how long keys are used when they cannot be fetched anew
   * @param now milliseconds of a monotonic clock: when the wall clock is set back, a cooldown would last for that long
   */
  constructor(url: string, maxAgeMs: number, report: JwksReport, now = () => performance.now()) {
    const parsed = new URL(url)
    this.#host = parsed.host
    this.#maxAgeMs = maxAgeMs
    this.#report = report
    this.#now = now
    this.#keys = createRemoteJWKSet(parsed, {
      timeoutDuration: FETCH_TIMEOUT_MS,
      cacheMaxAge: Number.POSITIVE_INFINITY,
      cooldownDuration: Number.POSITIVE_INFINITY,
      [customFetch]: boundedFetch,
    })
  }

  /** @param header of an unverified token: `alg` is one of the accepted, `kid` may be anything */
  async find(header: { alg: string; kid?: unknown }): Promise<KeyLookup> {
    const { alg, kid } = header
    if (kid !== undefined && (typeof kid !== 'string' || kid.length > MAX_KID_LENGTH)) {
      return { state: 'unknown' }
    }
    if (!this.#usable) await this.#fetch()
    else if (this.#ageMs > REFRESH_AFTER_MS) void this.#fetch()
    const known = await this.#choose(alg, kid)
    if (known) return { state: 'found', key: known }
    await this.#fetch()
    const fresh = await this.#choose(alg, kid)
    if (fresh) return { state: 'found', key: fresh }
    return this.#usable && this.#attempt.state === 'ok' ? { state: 'unknown' } : this.#unavailable()
  }

  get #ageMs(): number {
    return this.#now() - this.#fetchedAt
  }

  get #usable(): boolean {
    return this.#ageMs <= this.#maxAgeMs
  }

  #unavailable(): KeyLookup {
    const since = this.#now() - this.#attempt.at
    return { state: 'unavailable', retryAfterMs: Math.max(0, COOLDOWN_MS - since) }
  }

  /** Only `alg` and `kid` of the header choose; `jwk`, `jku` and `x5u` are ignored. */
  async #choose(alg: string, kid: string | undefined): Promise<KeyObject | null> {
    if (!this.#usable) return null
    try {
      return KeyObject.from(await this.#keys({ alg, ...(kid !== undefined && { kid }) }))
    } catch (error) {
      // No key or several fit: a fault of the token. A key that cannot be read is a fault of the provider.
      const unfit =
        error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys
      if (!unfit) this.#report.failed(`a key from ${this.#host} cannot be used: ${textOf(error)}`)
      return null
    }
  }

  /** Never rejects. Returns the last attempt while it is running or younger than the cooldown. */
  #fetch(): Promise<void> {
    const { at, state, ended: last } = this.#attempt
    if (state === 'running' || this.#now() - at < COOLDOWN_MS) return last
    const ended = this.#keys.reload().then(
      () => this.#fetchOnEnd(null),
      (error: unknown) => this.#fetchOnEnd(textOf(error)),
    )
    this.#attempt = { at: this.#now(), state: 'running', ended }
    return ended
  }

  #fetchOnEnd(problem: string | null): void {
    this.#attempt.state = problem === null ? 'ok' : 'failed'
    this.#report.fetched(problem === null)
    if (problem === null) {
      this.#fetchedAt = this.#now()
      return
    }
    const leftMs = this.#maxAgeMs - this.#ageMs
    const next =
      leftMs > 0
        ? `the known keys serve for ${Math.ceil(leftMs / 60_000)} min more; check the address and the provider`
        : 'no token can be checked until it answers; check the address and the provider'
    this.#report.failed(`the keys of tokens cannot be fetched from ${this.#host}: ${problem}; ${next}`)
  }
}

/** As fetch, for a bounded response. jose passes a signal for the timeout, and forbids redirects. */
async function boundedFetch(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options)
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`it answered ${response.status}, not 200 with a key set (redirects are not followed)`)
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  // A response with status 200 has a body, even if it is empty.
  for await (const chunk of response.body as NonNullable<typeof response.body>) {
    bytes += chunk.length
    if (bytes > MAX_JWKS_BYTES) throw new Error(`its answer is longer than ${MAX_JWKS_BYTES} bytes`)
    chunks.push(chunk)
  }
  return new Response(Buffer.concat(chunks))
}

function textOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message} (${cause.message})` : message
}
