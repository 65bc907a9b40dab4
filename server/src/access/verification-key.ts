import { createPublicKey, type KeyObject } from 'node:crypto'

export const JWT_ALGORITHMS = ['HS256', 'RS256', 'ES256'] as const
export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number]

/** A key, and the only algorithms that it is used with. */
export interface VerificationKey {
  key: string | KeyObject
  algorithms: JwtAlgorithm[]
}

/** @throws Error when a requested algorithm does not use a secret */
export function secretKey(secret: string, asked: readonly JwtAlgorithm[] | undefined): VerificationKey {
  return { key: secret, algorithms: fitting(asked, ['HS256'], 'a secret') }
}

/** @throws Error when the key is neither RSA nor P-256, or a requested algorithm does not use it */
export function publicKey(
  key: string | KeyObject,
  asked: readonly JwtAlgorithm[] | undefined,
): VerificationKey {
  const read = typeof key === 'string' ? createPublicKey(key) : key
  if (read.asymmetricKeyType === 'rsa') {
    return { key: read, algorithms: fitting(asked, ['RS256'], 'an RSA public key') }
  }
  if (read.asymmetricKeyDetails?.namedCurve === 'prime256v1') {
    return { key: read, algorithms: fitting(asked, ['ES256'], 'a P-256 public key') }
  }
  throw new Error('the public key must be an RSA or a P-256 key')
}

/** The algorithms of fetched keys, which may be of both types. Secrets are not published. @throws Error for HS256 */
export function publishedAlgorithms(asked: readonly JwtAlgorithm[] | undefined): JwtAlgorithm[] {
  return fitting(asked, ['RS256', 'ES256'], 'a set of public keys')
}

function fitting(
  asked: readonly JwtAlgorithm[] | undefined,
  possible: JwtAlgorithm[],
  what: string,
): JwtAlgorithm[] {
  if (asked === undefined) return possible
  const wrong = asked.find((algorithm) => !possible.includes(algorithm))
  if (wrong || asked.length === 0)
    throw new Error(`${what} is for ${possible.join(', ')}, not ${wrong ?? 'nothing'}`)
  return [...asked]
}
