import { z } from 'zod'
import type { Operation } from 'zoogate-client/protocol'

// What a page may do. Deny by default: in mode `rules` only what a rule of the token names is allowed.

export type AccessMode = 'rules' | 'open'

/** What a rule can grant. `read` covers exists, getData and getChildren, their watches included. */
export const accessRuleSchema = z.object({
  /** A path below the chroot; `*` stands for one whole part, `**` at the end for any number of parts, also none. */
  path: z.string().startsWith('/').max(1024),
  allow: z.array(z.enum(['read', 'create', 'write', 'delete'])).min(1),
})

export type AccessRule = z.infer<typeof accessRuleSchema>

const NEEDED: Record<Operation, AccessRule['allow'][number]> = {
  create: 'create',
  delete: 'delete',
  exists: 'read',
  getData: 'read',
  setData: 'write',
  getChildren: 'read',
}

/**
 * @param path as the page names it, already checked
 * @returns whether this operation is allowed
 */
export function isAllowed(
  mode: AccessMode,
  rules: readonly AccessRule[],
  op: Operation,
  path: string,
): boolean {
  if (mode === 'open') return true
  const needed = NEEDED[op]
  return rules.some((rule) => rule.allow.includes(needed) && matches(rule.path, path))
}

/** Part by part, so that no wildcard ever reaches across a slash except the closing `**`. */
function matches(pattern: string, path: string): boolean {
  const wanted = partsOf(pattern)
  const given = partsOf(path)
  const open = wanted.at(-1) === '**'
  const fixed = open ? wanted.slice(0, -1) : wanted
  if (open ? given.length < fixed.length : given.length !== fixed.length) return false
  return fixed.every((part, at) => part === '*' || part === given[at])
}

function partsOf(path: string): string[] {
  return path === '/' ? [] : path.slice(1).split('/')
}
