import { z } from 'zod'
import type { CreateMode } from 'zoogate-client/protocol'
import { type BoundPattern, type Claims, claimAt, PathPattern } from './patterns.js'

/**
 * The rights that a rule can allow. `get`: exists, getData, getChildren, getACL, sync and check. `watch`: every kind of watch.
 * `read`: both, since a page that may get can poll: refusing the watch would hide nothing and cost more. `write`: setData.
 * `acl`: setACL. `create`: every mode of `create:…`.
 */
export type Right = 'get' | 'watch' | 'read' | 'write' | 'delete' | 'acl' | 'create' | `create:${CreateMode}`

/** Each right as a set of bits; `read` and `create` are sums. */
export const RIGHT_BITS: Readonly<Record<Right, number>> = {
  get: 1,
  watch: 2,
  read: 3,
  write: 4,
  delete: 8,
  acl: 16,
  'create:persistent': 32,
  'create:ephemeral': 64,
  'create:persistent_sequential': 128,
  'create:ephemeral_sequential': 256,
  'create:container': 512,
  'create:ttl': 1024,
  'create:ttl_sequential': 2048,
  create: 4064,
}

const pattern = z.string().superRefine((text, context) => {
  try {
    new PathPattern(text)
  } catch (error) {
    const problem = (error as Error).message
    context.addIssue(`the pattern "${text.slice(0, 200)}": ${problem}`)
  }
})

/** Strict: otherwise a misspelt or unknown key, for example `deny`, would make a rule wider than intended. */
export const accessRuleSchema = z.strictObject({
  /** Shown by `explain`. */
  name: z.string().min(1).max(100).optional(),
  /** A path pattern below the chroot. */
  path: pattern,
  allow: z.array(z.enum(Object.keys(RIGHT_BITS) as Right[])).min(1),
  /** The rule applies if each of these claims has the value, or is a list with the value in it. @default always */
  when: z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()])).optional(),
})

/** Rights on the paths of a pattern. Rules only allow: everything that no rule allows is forbidden. */
export type AccessRule = z.input<typeof accessRuleSchema>

/** A rule with the claims of one token filled in. */
export interface BoundRule {
  origin: RuleOrigin
  bits: number
  pattern: BoundPattern
}

/** A rule that does not apply to this token. */
export interface UnboundRule {
  origin: RuleOrigin
  problem: string
}

/** The origin of a rule, for an explanation. */
export interface RuleOrigin {
  source: 'configuration' | 'token'
  /** Its index in the list there. */
  at: number
  rule: AccessRule
}

/** A rule with its pattern parsed, for many tokens. */
export class CompiledRule {
  readonly #origin: RuleOrigin
  readonly #bits: number
  readonly #pattern: PathPattern

  /** @throws Error for a rule that has not passed the schema */
  constructor(origin: RuleOrigin) {
    this.#origin = origin
    this.#bits = origin.rule.allow.reduce((bits, right) => bits | RIGHT_BITS[right], 0)
    this.#pattern = new PathPattern(origin.rule.path)
  }

  bind(claims: Claims): BoundRule | UnboundRule {
    const origin = this.#origin
    for (const [name, wanted] of Object.entries(origin.rule.when ?? {})) {
      if (!hasValue(claimAt(claims, name), wanted)) {
        return { origin, problem: `the claim ${name} is not ${JSON.stringify(wanted)}` }
      }
    }
    const binding = this.#pattern.bind(claims)
    if (!binding.ok) return { origin, problem: binding.problem }
    return { origin, bits: this.#bits, pattern: binding.pattern }
  }
}

function hasValue(claim: unknown, wanted: string | number | boolean): boolean {
  return Array.isArray(claim) ? claim.includes(wanted) : claim === wanted
}

/** Parses a list of rules: the configuration's once, a token's once for the token. */
export function compileRules(
  source: RuleOrigin['source'],
  rules: readonly AccessRule[],
): readonly CompiledRule[] {
  return rules.map((rule, at) => new CompiledRule({ source, at, rule }))
}
