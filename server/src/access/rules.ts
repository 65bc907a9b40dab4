import { z } from 'zod'
import type { CreateMode } from 'zoogate-client/protocol'
import { type BoundPattern, type Claims, claimAt, PathPattern } from './patterns.js'

/**
 * What a rule can allow. `get`: exists, getData, getChildren, getACL, sync and check. `watch`: every kind of watch. `read` is
 * both, since who may read may ask again and again: refusing the watch would hide nothing and cost more. `write`: setData.
 * `acl`: setACL. `create` is every mode of `create:…`.
 */
export type Right = 'get' | 'watch' | 'read' | 'write' | 'delete' | 'acl' | 'create' | `create:${CreateMode}`

/** Each right as a set of bits; a right that is several is the sum of theirs. */
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

/** Strict: a key that is misspelt or unknown here, `deny` for one, would otherwise make a rule wider than it was meant. */
export const accessRuleSchema = z.strictObject({
  /** For people: `--explain` shows it. */
  name: z.string().min(1).max(100).optional(),
  /** A path pattern below the chroot. */
  path: pattern,
  allow: z.array(z.enum(Object.keys(RIGHT_BITS) as Right[])).min(1),
  /** The rule applies where each of these claims has the value, or is a list that holds it. @default always */
  when: z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()])).optional(),
})

/** What is allowed on the paths that fit a pattern. Rules only allow: what none of them allows is forbidden. */
export type AccessRule = z.input<typeof accessRuleSchema>

/** A rule with the values of one token in it. */
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

/** Where a rule comes from, for an explanation. */
export interface RuleOrigin {
  source: 'configuration' | 'token'
  /** Its place in the list there, from 0. */
  at: number
  rule: AccessRule
}

/** A rule whose pattern has been read, for many tokens. */
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

/** Reads a list of rules, once for all tokens or for the one that carries them. */
export function compileRules(
  source: RuleOrigin['source'],
  rules: readonly AccessRule[],
): readonly CompiledRule[] {
  return rules.map((rule, at) => new CompiledRule({ source, at, rule }))
}
