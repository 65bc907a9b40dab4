import { z } from 'zod'
import { pathProblem } from '../wire/path.js'
import { DERIVED_USER_PREFIX, DerivedIdentities } from './derived-identity.js'
import type { Claims } from './patterns.js'
import { type AccessMode, AccessPolicy, type Rights } from './rights.js'
import { type AccessRule, accessRuleSchema } from './rules.js'

/** Who a page is and what it may do, as its token and the gateway's configuration say. */
export interface Identity {
  subject: string
  /** Another issuer's `ada` is somebody else. Null for a token without `iss`. */
  issuer: string | null
  /** What the token adds to the gateway's own chroot: '' or a path. */
  chroot: string
  rights: Rights
  /** ZooKeeper identities that the page's link takes on, the derived one included. */
  auth: readonly ZooKeeperAuth[]
  /** Milliseconds since the epoch, the tolerance included; null for a token without `exp`. */
  expiresAt: number | null
  /** Milliseconds since the epoch; null for a token without `iat`. */
  issuedAt: number | null
}

/** What ZooKeeper's addauth takes. */
export interface ZooKeeperAuth {
  scheme: 'digest'
  /** `user:password` */
  auth: string
}

/** What the configuration adds to what a token says. */
export interface Grants {
  access: AccessPolicy
  /** Null where pages get no identity in ZooKeeper. */
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
                error: `users that begin with ${DERIVED_USER_PREFIX} are the gateway's to give`,
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
 * @param toleranceMs by which clocks may differ
 * @returns the identity, or what is wrong with the claims
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
