import type { Claims, Reach } from './patterns.js'
import {
  type AccessRule,
  type BoundRule,
  type CompiledRule,
  compileRules,
  RIGHT_BITS,
  type Right,
  type UnboundRule,
} from './rules.js'

export type AccessMode = 'rules' | 'open'

/**
 * The nodes that a need concerns: the node; the node and each direct child; the node and everything below; or the path with
 * the number of a sequential create behind it.
 */
export type Scope = 'node' | 'children' | 'subtree' | 'sequence'

/** One right on one path that a call needs. */
export interface Need {
  /** Null when a valid path is enough. */
  right: Right | null
  path: string
  /** @default 'node' */
  scope?: Scope
  /** The part of a multi that needs it, counted from 0. */
  part?: number
}

const REACHES: Readonly<Record<Scope, readonly Reach[]>> = {
  node: ['node'],
  children: ['node', 'children'],
  subtree: ['node', 'below'],
  sequence: ['numbered'],
}

/** The claims of a token, and the rules that it carries. */
export interface Claimant {
  claims: Claims
  rules: readonly AccessRule[]
}

/** Access as the gateway's configuration defines it. */
export class AccessPolicy {
  readonly #mode: AccessMode
  readonly #rules: readonly CompiledRule[]

  /** @param rules apply to every page, besides the rules of its token */
  constructor(mode: AccessMode, rules: readonly AccessRule[] = []) {
    this.#mode = mode
    this.#rules = compileRules('configuration', rules)
  }

  /** Fills the claims into the rules, once for each token, so that a call only compares. */
  rightsOf({ claims, rules }: Claimant): Rights {
    if (this.#mode === 'open') return EVERYTHING
    return new Rights([...this.#rules, ...compileRules('token', rules)].map((rule) => rule.bind(claims)))
  }
}

/** The rights of one page. Deny by default. */
export class Rights {
  readonly #rules: readonly BoundRule[] | null
  /** The rules that do not apply to this page. */
  readonly unbound: readonly UnboundRule[]

  /** @param rules null when everything is allowed */
  constructor(rules: readonly (BoundRule | UnboundRule)[] | null) {
    this.#rules = rules?.filter((rule) => 'bits' in rule) ?? null
    this.unbound = rules?.filter((rule) => 'problem' in rule) ?? []
  }

  /** The rules that apply; null when everything is allowed. */
  get rules(): readonly BoundRule[] | null {
    return this.#rules
  }

  /** @param need its path is below the chroot, and checked */
  allows({ right, path, scope = 'node' }: Need): boolean {
    const rules = this.#rules
    if (rules === null || right === null) return true
    const parts = partsOf(path)
    return REACHES[scope].every((reach) => missingBits(rules, RIGHT_BITS[right], parts, reach) === 0)
  }

  /** The rules behind a permission: each gives a part of the need. */
  decidingRules({ right, path, scope = 'node' }: Need): readonly BoundRule[] {
    if (right === null || this.#rules === null) return []
    const parts = partsOf(path)
    const gives = (rule: BoundRule) =>
      (rule.bits & RIGHT_BITS[right]) !== 0 &&
      REACHES[scope].some((reach) => rule.pattern.covers(parts, reach))
    return this.#rules.filter(gives)
  }
}

/** The rights of every page in mode open. */
const EVERYTHING = new Rights(null)

/** Rules add up: one rule may allow reading and another watching. */
function missingBits(
  rules: readonly BoundRule[],
  wanted: number,
  path: readonly string[],
  reach: Reach,
): number {
  let missing = wanted
  for (const rule of rules) {
    if ((rule.bits & missing) === 0 || !rule.pattern.covers(path, reach)) continue
    missing &= ~rule.bits
    if (missing === 0) break
  }
  return missing
}

/** The parts of a path; none for the root. */
export function partsOf(path: string): string[] {
  return path === '/' ? [] : path.slice(1).split('/')
}
