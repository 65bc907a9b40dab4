import { z } from 'zod'
import type { Call, MultiPart, ViewDepth } from 'zoogate-client/protocol'

// What a page may do. Deny by default: in mode `rules` only what a rule of the token names is allowed.

export type AccessMode = 'rules' | 'open'

/**
 * `read` covers exists, getData, getChildren, getACL, sync and every kind of watch; `acl` covers setACL.
 * What a session may ask about itself (whoAmI, its own ephemeral nodes) needs no right.
 */
const right = z.enum(['read', 'create', 'write', 'delete', 'acl'])
export type Right = z.infer<typeof right>

export const accessRuleSchema = z.object({
  /** A path below the chroot; `*` stands for one whole part, `**` at the end for any number of parts, also none. */
  path: z.string().startsWith('/').max(1024),
  allow: z.array(right).min(1),
})

export type AccessRule = z.infer<typeof accessRuleSchema>

/** One right on one path that a call needs. */
export interface Need {
  /** Null where a valid path is all that is needed. */
  right: Right | null
  path: string
  /** The right is needed on the path and on everything below it. */
  subtree?: boolean
}

/** Everything that a call needs, path by path: a multi is no way around a rule. */
export function needsOf(call: Call): Need[] {
  switch (call.op) {
    case 'multi':
      return call.parts.map(needOfPart)
    case 'whoAmI':
    case 'closeView':
      return []
    case 'openView':
      return needsOfView(call)
    case 'getEphemerals':
    case 'removeWatch':
      return [{ right: null, path: call.path }]
    case 'addWatch':
      return [{ right: 'read', path: call.path, subtree: call.recursive ?? false }]
    case 'setACL':
      return [{ right: 'acl', path: call.path }]
    case 'create':
    case 'delete':
    case 'setData':
      return [needOfPart(call)]
    default:
      return [{ right: 'read', path: call.path }]
  }
}

/** A view of children shows whatever is there right below its path, so that one child's name does not do. */
export function needsOfView({ path, depth }: { path: string; depth?: ViewDepth }): Need[] {
  if (depth === 'subtree') return [{ right: 'read', path, subtree: true }]
  return [
    { right: 'read', path },
    { right: 'read', path: path === '/' ? '/*' : `${path}/*` },
  ]
}

const WRITES = { create: 'create', delete: 'delete', setData: 'write', check: 'read' } as const

function needOfPart({ op, path }: Pick<MultiPart, 'op' | 'path'>): Need {
  return { right: WRITES[op], path }
}

/** @param need with its path as the page names it, already checked */
export function isAllowed(mode: AccessMode, rules: readonly AccessRule[], need: Need): boolean {
  const { right, path, subtree } = need
  if (mode === 'open' || right === null) return true
  return rules.some((rule) => rule.allow.includes(right) && matches(rule.path, path, subtree ?? false))
}

/** Part by part, so that no wildcard ever reaches across a slash except the closing `**`. */
function matches(pattern: string, path: string, subtree: boolean): boolean {
  const wanted = partsOf(pattern)
  const given = partsOf(path)
  const open = wanted.at(-1) === '**'
  const fixed = open ? wanted.slice(0, -1) : wanted
  if (open ? given.length < fixed.length : subtree || given.length !== fixed.length) return false
  return fixed.every((part, at) => part === '*' || part === given[at])
}

function partsOf(path: string): string[] {
  return path === '/' ? [] : path.slice(1).split('/')
}
