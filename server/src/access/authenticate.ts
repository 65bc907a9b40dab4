import jwt from 'jsonwebtoken'
import { CLOSE_CODES, type CloseCode } from 'zoogate-client/protocol'
import { FIXED_LIMITS } from '../limits/limits.js'
import { type GrantOptions, grantsOf, type Identity, identityOf } from './claims.js'
import { type JwksReport, RemoteKeys } from './jwks.js'
import {
  type JwtAlgorithm,
  publicKey,
  publishedAlgorithms,
  secretKey,
  type VerificationKey,
} from './verification-key.js'

export type { Identity, ZooKeeperAuth } from './claims.js'
export type { JwtAlgorithm } from './verification-key.js'

/** How tokens are checked. Exactly one of `secret`, `publicKey` and `jwksUrl`. */
export interface JwtOptions {
  /** HS256 secret; at least 32 characters are advised. */
  secret?: string | undefined
  /** RSA or P-256 public key in PEM, for RS256 or ES256. */
  publicKey?: string | undefined
  /** Address of a JSON Web Key Set with RSA and P-256 keys; https, or http on loopback. */
  jwksUrl?: string | undefined
  /** Accepted algorithms. @default what the key is for: HS256, RS256 or ES256 */
  algorithms?: JwtAlgorithm[] | undefined
  /** Required `aud`. @default none */
  audience?: string | undefined
  /** Required `iss`. @default none */
  issuer?: string | undefined
  /** Seconds by which clocks may differ. @default 5 */
  clockToleranceS?: number | undefined
}

/** `unverified`: the token may be good, but this gateway cannot check it at the moment. */
export type RefusalCause = 'expired' | 'invalid' | 'forbidden' | 'unverified'

export interface Refused {
  ok: false
  cause: RefusalCause
  message: string
  /** With `unverified`: when the page may try again. */
  retryAfterMs?: number
}

export type Authentication = { ok: true; identity: Identity } | Refused

/** Checks a token: at once, except when a key has to be fetched. The promise never rejects. */
export type Authenticator = (token: string) => Authentication | Promise<Authentication>

export const REFUSAL_CODES = {
  expired: CLOSE_CODES.TOKEN_EXPIRED,
  invalid: CLOSE_CODES.TOKEN_INVALID,
  forbidden: CLOSE_CODES.FORBIDDEN,
  unverified: CLOSE_CODES.UNVERIFIED,
} as const satisfies Record<RefusalCause, CloseCode>

/** Ports and grants of the check. Without any, tokens are checked with a static key and have the rights of their own rules. */
export interface AuthenticatorContext {
  jwks?: JwksReport
  /** Milliseconds for which fetched keys are used without being fetched anew. @default the limit's */
  maxJwksAgeMs?: number
  /** The rights that the configuration gives. @default only the rules of the token */
  grants?: GrantOptions
  /** Refuses an identity whose token is good, but revoked. */
  revocations?: { refusalOf(identity: Identity): Refused | null }
  now?: () => number
}

const UNACCEPTABLE: Refused = {
  ok: false,
  cause: 'invalid',
  // Without the text of the library, which may quote claims of the token.
  message: 'the token is not acceptable; check key, algorithm, issuer and audience',
}

/**
 * Makes the check of tokens. The key decides the algorithm, never the token: a public key is never tried as an HMAC secret,
 * and `none` is no algorithm here.
 * @throws Error when the key does not fit the algorithms
 */
export function createAuthenticator(options: JwtOptions, context: AuthenticatorContext = {}): Authenticator {
  const check = claimsCheck(options, context)
  if (options.jwksUrl !== undefined) return withFetchedKeys(options.jwksUrl, options, context, check)
  const key = staticKey(options)
  return (token) => (headerOf(token) === null ? UNACCEPTABLE : check(token, key))
}

function staticKey({ secret, publicKey: pem, algorithms }: JwtOptions): VerificationKey {
  if (secret !== undefined) return secretKey(secret, algorithms)
  if (pem !== undefined) return publicKey(pem, algorithms)
  throw new Error('give a secret, a public key or the address of a key set')
}

function withFetchedKeys(
  url: string,
  options: JwtOptions,
  { jwks, maxJwksAgeMs = FIXED_LIMITS.maxJwksAgeMs, now }: AuthenticatorContext,
  check: (token: string, key: VerificationKey) => Authentication,
): Authenticator {
  const accepted: readonly string[] = publishedAlgorithms(options.algorithms)
  const keys = new RemoteKeys(url, maxJwksAgeMs, jwks ?? SILENT, now)
  return async (token) => {
    const header = headerOf(token)
    if (header === null || !accepted.includes(header.alg)) return UNACCEPTABLE
    const lookup = await keys.find(header)
    switch (lookup.state) {
      case 'found':
        // The header has chosen the key. From here on the key decides the algorithm again.
        return check(token, publicKey(lookup.key, undefined))
      case 'unknown':
        return UNACCEPTABLE
      case 'unavailable':
        return {
          ok: false,
          cause: 'unverified',
          message: 'the key of this token cannot be fetched at the moment; come back with it',
          retryAfterMs: lookup.retryAfterMs,
        }
    }
  }
}

const TOKEN_ONLY: GrantOptions = { access: 'rules' }

const SILENT: JwksReport = { fetched: () => undefined, failed: () => undefined }

/** The header of a token, unverified; null for a token that is unreadable or needs extensions. */
function headerOf(token: string): jwt.JwtHeader | null {
  try {
    const header = jwt.decode(token, { complete: true })?.header
    // `crit` lists extensions that a verifier must know (RFC 7515, 4.1.11). The library ignores it.
    return header === undefined || header.crit !== undefined ? null : header
  } catch {
    return null // The header says that the claims are JSON, and they are not.
  }
}

function claimsCheck(
  options: JwtOptions,
  { revocations, grants: grantOptions = TOKEN_ONLY }: AuthenticatorContext,
): (token: string, key: VerificationKey) => Authentication {
  const grants = grantsOf(grantOptions)
  const clockTolerance = options.clockToleranceS ?? 5
  const verifyOptions: jwt.VerifyOptions & { complete?: false } = { clockTolerance }
  if (options.audience !== undefined) verifyOptions.audience = options.audience
  if (options.issuer !== undefined) verifyOptions.issuer = options.issuer
  return (token, { key, algorithms }) => {
    let payload: unknown
    try {
      payload = jwt.verify(token, key, { ...verifyOptions, algorithms })
    } catch (error) {
      return refusal(error)
    }
    const identity = identityOf(payload, clockTolerance * 1000, grants)
    if (typeof identity === 'string') return { ok: false, cause: 'forbidden', message: identity }
    return revocations?.refusalOf(identity) ?? { ok: true, identity }
  }
}

function refusal(error: unknown): Refused {
  if (error instanceof jwt.TokenExpiredError) {
    return { ok: false, cause: 'expired', message: 'the token has expired; get a fresh one' }
  }
  if (error instanceof jwt.NotBeforeError) {
    return {
      ok: false,
      cause: 'invalid',
      message: 'the token is not valid yet; check the clocks of its issuer and of the gateway',
    }
  }
  return UNACCEPTABLE
}
