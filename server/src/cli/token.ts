import jwt from 'jsonwebtoken'
import { ConfigError } from '../config/options.js'
import { envName } from '../config/sources.js'

/** Prints a token for tests and first steps. In production an identity provider signs the tokens. */
export function printToken({ sub, ttl, claim = [] }: { sub: string; ttl: string; claim?: string[] }): void {
  const secret = process.env[envName('jwtSecret')]
  if (!secret) throw new ConfigError(`${envName('jwtSecret')}: missing; the token is signed with it`)
  console.log(signToken(secret, sub, secondsOf(ttl), Object.fromEntries(claim.map(parseClaim))))
}

/** @param ttlS lifetime in seconds */
export function signToken(secret: string, sub: string, ttlS: number, claims: object = {}): string {
  return jwt.sign(claims, secret, { algorithm: 'HS256', subject: sub, expiresIn: ttlS })
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }

function secondsOf(ttl: string): number {
  const [, digits, unit] = /^(\d+)([smhd])$/.exec(ttl) ?? []
  if (!digits || !unit) throw new ConfigError(`--ttl: "${ttl}" is not a time; write 90s, 15m, 1h or 7d`)
  return Number(digits) * (UNITS[unit] as number)
}

/** @throws ConfigError for a text that is not `key=value` */
export function parseClaim(claim: string): [string, unknown] {
  const at = claim.indexOf('=')
  if (at < 1) throw new ConfigError(`--claim: "${claim}" is not key=value`)
  const text = claim.slice(at + 1)
  try {
    return [claim.slice(0, at), JSON.parse(text)]
  } catch {
    return [claim.slice(0, at), text] // not JSON: a plain string
  }
}
