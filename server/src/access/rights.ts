import type { Acl, MultiPart, Operations, Permission, ViewDepth, WireError } from 'zoogate-client/protocol'
import { wireError } from '../wire/errors.js'
import { pathProblem } from '../wire/path.js'

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

// ---- the rights that calls need, and their refusal ----

/** A view of children shows every child, so that a right on a single child is not enough. */
export function needOfView({ path, depth }: { path: string; depth?: ViewDepth }): Need {
  return { right: 'read', path, scope: depth ?? 'children' }
}

const RIGHT_OF_PART = { delete: 'delete', setData: 'write', check: 'get' } as const

export function createNeeds({ path, mode = 'persistent', acl }: Operations['create']): Need[] {
  const scope = mode.endsWith('_sequential') ? 'sequence' : 'node'
  const create: Need = { right: `create:${mode}`, path, scope }
  return acl === undefined || isShared(acl) ? [create] : [create, { right: 'acl', path, scope }]
}

/** The needs of one part of a multi: no part is a way around a rule. @param at its number, from 0 on */
export function partNeeds(part: MultiPart, at: number): Need[] {
  if (part.op !== 'create') return [{ right: RIGHT_OF_PART[part.op], path: part.path, part: at }]
  return createNeeds(part).map((need) => ({ ...need, part: at }))
}

/** The permissions that let other sessions take part. A page with only `create` must not shut them out of a shared node. */
const TAKING_PART: readonly Permission[] = ['read', 'create', 'delete']

function isShared(acl: readonly Acl[]): boolean {
  return acl.some(({ scheme, id, permissions }) => {
    return scheme === 'world' && id === 'anyone' && TAKING_PART.every((one) => permissions.includes(one))
  })
}

/**
 * The refusal of the first need whose path is no path, or which no rule allows; null where all are met.
 * @param maxPathLength in characters
 */
export function accessRefusal(
  needs: readonly Need[],
  rights: Rights,
  maxPathLength: number,
): WireError | null {
  for (const need of needs) {
    const problem = needProblem(need, maxPathLength)
    if (problem !== null) return refusal('BAD_REQUEST', problem, need, maxPathLength)
    if (!rights.allows(need)) return refusal('FORBIDDEN', forbidden(need), need, maxPathLength)
  }
  return null
}

/** A path that is too long is shortened: the page knows it, and the reply stays small. */
function refusal(
  code: 'BAD_REQUEST' | 'FORBIDDEN',
  message: string,
  { path, part }: Need,
  maxPathLength: number,
): WireError {
  const details = { message, path: path.slice(0, maxPathLength) }
  return wireError(code, part === undefined ? details : { ...details, part })
}

/** The fault of a need's path, or null. */
function needProblem({ path, scope }: Need, maxPathLength: number): string | null {
  // ZooKeeper would put the number behind the name of the chroot itself: a node beside the chroot, and so outside.
  if (scope === 'sequence' && path === '/') return 'a sequential node needs a name before its number'
  return pathProblem(path, maxPathLength)
}

function forbidden({ right, scope }: Need): string {
  const where = scope === 'subtree' ? 'on this path and everything below it' : 'on this path'
  return `the access rules do not allow ${right} ${where}; ask the operator of the gateway`
}
