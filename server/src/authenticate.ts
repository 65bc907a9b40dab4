import { createPublicKey, type KeyObject } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { z } from 'zod'
import { type AccessRule, accessRuleSchema } from './access.js'
import { pathProblem } from './path.js'

export type JwtAlgorithm = 'HS256' | 'RS256' | 'ES256'

/** How tokens are checked. Exactly one of `secret` and `publicKey`. */
export interface JwtOptions {
  /** HS256 secret; at least 32 characters are advised. */
  secret?: string | undefined
  /** RSA or P-256 public key in PEM, for RS256 or ES256. */
  publicKey?: string | undefined
  /** Accepted algorithms. @default what the key is for: HS256, RS256 or ES256 */
  algorithms?: JwtAlgorithm[] | undefined
  /** Required `aud`. @default none */
  audience?: string | undefined
  /** Required `iss`. @default none */
  issuer?: string | undefined
  /** Seconds by which clocks may differ. @default 5 */
  clockToleranceS?: number | undefined
}

/** Who a page is, as its token says. */
export interface Identity {
  subject: string
  /** What the token adds to the gateway's own chroot: '' or a path. */
  chroot: string
  rules: readonly AccessRule[]
  /** ZooKeeper identities that the page's link takes on besides its own. */
  auth: readonly ZooKeeperAuth[]
  /** Milliseconds since the epoch; null for a token without `exp`. */
  expiresAt: number | null
}

/** What ZooKeeper's addauth takes. */
export interface ZooKeeperAuth {
  scheme: 'digest'
  /** `user:password` */
  auth: string
}

export type Authentication =
  | { ok: true; identity: Identity }
  | { ok: false; cause: 'expired' | 'invalid' | 'forbidden'; message: string }

export type Authenticator = (token: string) => Authentication

const MAX_CHROOT_LENGTH = 1024

const claimsSchema = z.object({
  sub: z.string().min(1).max(255),
  exp: z.number().optional(),
  zk: z
    .object({
      chroot: z.string().optional(),
      rules: z.array(accessRuleSchema).max(100).optional(),
      auth: z
        .array(
          z.object({
            scheme: z.literal('digest'),
            auth: z
              .string()
              .regex(/^[^:]+:.+$/)
              .max(1024),
          }),
        )
        .max(10)
        .optional(),
    })
    .optional(),
})

/**
 * Makes the check of tokens. The algorithm is decided by the key, never by the token: a public key is never
 * tried as an HMAC secret, and `none` is no algorithm here.
 * @throws Error when the key does not fit the algorithms
 */
export function createAuthenticator(options: JwtOptions): Authenticator {
  const { key, algorithms } = verificationKey(options)
  const verifyOptions: jwt.VerifyOptions & { complete?: false } = {
    algorithms,
    clockTolerance: options.clockToleranceS ?? 5,
  }
  if (options.audience !== undefined) verifyOptions.audience = options.audience
  if (options.issuer !== undefined) verifyOptions.issuer = options.issuer
  const toleranceMs = (options.clockToleranceS ?? 5) * 1000

  return (token) => {
    let payload: unknown
    try {
      payload = jwt.verify(token, key, verifyOptions)
    } catch (error) {
      return refusal(error)
    }
    return identityOf(payload, toleranceMs)
  }
}

function verificationKey(options: JwtOptions): { key: string | KeyObject; algorithms: JwtAlgorithm[] } {
  if (options.secret !== undefined) {
    return { key: options.secret, algorithms: fitting(options.algorithms, ['HS256'], 'a secret') }
  }
  if (options.publicKey === undefined) throw new Error('jwt needs a secret or a public key')
  const key = createPublicKey(options.publicKey)
  if (key.asymmetricKeyType === 'rsa') {
    return { key, algorithms: fitting(options.algorithms, ['RS256'], 'an RSA public key') }
  }
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') {
    return { key, algorithms: fitting(options.algorithms, ['ES256'], 'a P-256 public key') }
  }
  throw new Error('the public key must be an RSA or a P-256 key')
}

function fitting(asked: JwtAlgorithm[] | undefined, possible: JwtAlgorithm[], what: string): JwtAlgorithm[] {
  if (asked === undefined) return possible
  const wrong = asked.find((algorithm) => !possible.includes(algorithm))
  if (wrong || asked.length === 0)
    throw new Error(`${what} is for ${possible.join(', ')}, not ${wrong ?? 'nothing'}`)
  return asked
}

function refusal(error: unknown): Authentication {
  if (error instanceof jwt.TokenExpiredError) {
    return { ok: false, cause: 'expired', message: 'the token has expired; get a fresh one' }
  }
  if (error instanceof jwt.NotBeforeError) {
    return { ok: false, cause: 'invalid', message: 'the token is not valid yet; check the clocks' }
  }
  // The library's own words may quote the token's claims; a page learns only that it was refused.
  return {
    ok: false,
    cause: 'invalid',
    message: 'the token is not acceptable; check key, algorithm, issuer and audience',
  }
}

function identityOf(payload: unknown, toleranceMs: number): Authentication {
  const claims = claimsSchema.safeParse(payload)
  if (!claims.success) {
    const place = claims.error.issues[0]?.path.join('.') || 'claims'
    return { ok: false, cause: 'forbidden', message: `the token's ${place} is missing or malformed` }
  }
  const { sub, exp, zk } = claims.data
  const chroot = zk?.chroot === undefined || zk.chroot === '/' ? '' : zk.chroot
  const problem = chroot === '' ? null : pathProblem(chroot, MAX_CHROOT_LENGTH)
  if (problem)
    return { ok: false, cause: 'forbidden', message: `the token's zk.chroot is unusable: ${problem}` }
  return {
    ok: true,
    identity: {
      subject: sub,
      chroot,
      rules: zk?.rules ?? [],
      auth: zk?.auth ?? [],
      expiresAt: exp === undefined ? null : exp * 1000 + toleranceMs,
    },
  }
}
