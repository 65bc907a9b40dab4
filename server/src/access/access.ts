import type { Acl, MultiPart, Operations, Permission, ViewDepth, WireError } from 'zoogate-client/protocol'
import { wireError } from '../wire/errors.js'
import { pathProblem } from '../wire/path.js'
import type { Need, Rights } from './rights.js'

// The rights that calls need, and their refusal. Deny by default: what no rule allows is forbidden.

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
