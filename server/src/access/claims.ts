import { z } from 'zod'
import { pathProblem } from '../wire/path.js'
import { DERIVED_USER_PREFIX, DerivedIdentities } from './derived-identity.js'
import type { Claims } from './patterns.js'
import { type AccessMode, AccessPolicy, type Rights } from './rights.js'
import { type AccessRule, accessRuleSchema } from './rules.js'

/** The identity and the rights of a page, from its token and the gateway's configuration. */
export interface Identity {
  subject: string
  /** An `ada` of another issuer is another subject. Null for a token without `iss`. */
  issuer: string | null
  /** The token's part of the chroot, below the gateway's own: '' or a path. */
  chroot: string
  rights: Rights
  /** ZooKeeper identities of the page's link, with the derived one. */
  auth: readonly ZooKeeperAuth[]
  /** Milliseconds since the epoch, with the tolerance; null for a token without `exp`. */
  expiresAt: number | null
  /** Milliseconds since the epoch; null for a token without `iat`. */
  issuedAt: number | null
}

/** The arguments of ZooKeeper's addauth. */
export interface ZooKeeperAuth {
  scheme: 'digest'
  /** `user:password` */
  auth: string
}

/** The part of an identity that comes from the configuration. */
export interface Grants {
  access: AccessPolicy
  /** Null when pages get no identity in ZooKeeper. */
  identities: DerivedIdentities | null
}

/** The settings that grants are made of. */
export interface GrantOptions {
  access: AccessMode
  /** Rules for every page, besides the rules of its token. */
  rules?: readonly AccessRule[] | undefined
  identitySecret?: string | undefined
}

export function grantsOf({ access, rules, identitySecret }: GrantOptions): Grants {
  return {
    access: new AccessPolicy(access, rules),
    identities: identitySecret === undefined ? null : new DerivedIdentities(identitySecret),
  }
}

const MAX_CHROOT_LENGTH = 1024

const claimsSchema = z.object({
  sub: z.string().min(1).max(255),
  iss: z.string().optional(),
  exp: z.number().optional(),
  iat: z.number().optional(),
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
              .max(1024)
              .refine((auth) => !auth.startsWith(DERIVED_USER_PREFIX), {
                error: `the gateway itself gives the users that begin with ${DERIVED_USER_PREFIX}; choose another name`,
              }),
          }),
        )
        .max(10)
        .optional(),
    })
    .optional(),
})

/**
 * Reads the claims of a token whose signature is good.
 * @param toleranceMs the most that clocks may differ
 * @returns the identity, or the fault of the claims
 */
export function identityOf(payload: unknown, toleranceMs: number, grants: Grants): Identity | string {
  const claims = claimsSchema.safeParse(payload)
  if (!claims.success) {
    const { path, message } = claims.error.issues[0] as z.core.$ZodIssue
    return `the token's ${path.join('.') || 'payload'} is missing or malformed: ${message}`
  }
  const { sub, iss, exp, iat, zk } = claims.data
  const chroot = zk?.chroot === undefined || zk.chroot === '/' ? '' : zk.chroot
  const problem = chroot === '' ? null : pathProblem(chroot, MAX_CHROOT_LENGTH)
  if (problem) return `the token's zk.chroot is unusable: ${problem}`
  const derived = grants.identities?.of({ issuer: iss, chroot, subject: sub })
  return {
    subject: sub,
    issuer: iss ?? null,
    chroot,
    rights: grants.access.rightsOf({ claims: payload as Claims, rules: zk?.rules ?? [] }),
    auth: [
      ...(derived ? [{ scheme: 'digest' as const, auth: `${derived.user}:${derived.password}` }] : []),
      ...(zk?.auth ?? []),
    ],
    expiresAt: exp === undefined ? null : exp * 1000 + toleranceMs,
    issuedAt: iat === undefined ? null : iat * 1000,
  }
}
