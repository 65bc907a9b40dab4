import type {
  Acl,
  Call,
  CreateMode,
  MultiPart,
  Permission,
  ViewDepth,
  WireError,
} from 'zoogate-client/protocol'
import { wireError } from '../wire/errors.js'
import { pathProblem } from '../wire/path.js'
import type { Need, Rights } from './rights.js'

// The rights that each call needs, and whether a page has them. Deny by default: everything that no rule allows is forbidden.

/**
 * All needs of a call, path by path, and part by part in a multi, so that no rule can be bypassed. Questions of a session about
 * itself (whoAmI, its own ephemeral nodes) need no right.
 */
export function needsOf(call: Call): Need[] {
  return call.op === 'multi' ? call.parts.flatMap(needsOfPart) : needsOfOne(call)
}

function needsOfOne(call: Exclude<Call, { op: 'multi' }>): Need[] {
  switch (call.op) {
    case 'whoAmI':
    case 'closeView':
      return []
    case 'openView':
      return [needOfView(call)]
    case 'getEphemerals':
    case 'removeWatch':
      return [{ right: null, path: call.path }]
    case 'addWatch':
      return [{ right: 'watch', path: call.path, scope: call.recursive ? 'subtree' : 'node' }]
    case 'setACL':
      return [{ right: 'acl', path: call.path }]
    case 'create':
    case 'delete':
    case 'setData':
      return needsOfPart(call)
    case 'exists':
    case 'getData':
    case 'getChildren':
      return [{ right: call.watch ? 'read' : 'get', path: call.path }]
    case 'getACL':
    case 'sync':
      return [{ right: 'get', path: call.path }]
  }
}

/** A view of children shows every child, so that a right on a single child is not enough. */
export function needOfView({ path, depth }: { path: string; depth?: ViewDepth }): Need {
  return { right: 'read', path, scope: depth ?? 'children' }
}

const RIGHT_OF_PART = { delete: 'delete', setData: 'write', check: 'get' } as const

function needsOfPart(part: Pick<MultiPart, 'op' | 'path'> & { mode?: CreateMode; acl?: Acl[] }): Need[] {
  const { op, path, mode = 'persistent', acl } = part
  if (op !== 'create') return [{ right: RIGHT_OF_PART[op], path }]
  const scope = mode.endsWith('_sequential') ? 'sequence' : 'node'
  const create: Need = { right: `create:${mode}`, path, scope }
  return acl === undefined || isShared(acl) ? [create] : [create, { right: 'acl', path, scope }]
}

/** The permissions that let other sessions take part. A page with only `create` must not shut them out of a shared node. */
const TAKING_PART: readonly Permission[] = ['read', 'create', 'delete']

function isShared(acl: readonly Acl[]): boolean {
  return acl.some(({ scheme, id, permissions }) => {
    return scheme === 'world' && id === 'anyone' && TAKING_PART.every((one) => permissions.includes(one))
  })
}

/**
 * The reason why a call does not run, or null.
 * @param maxPathLength in characters
 */
export function refusalOf(call: Call, rights: Rights, maxPathLength: number): WireError | null {
  if (call.op !== 'multi') return refusalOfNeeds(needsOfOne(call), rights, maxPathLength)
  for (const [part, fields] of call.parts.entries()) {
    const refusal = refusalOfNeeds(needsOfPart(fields), rights, maxPathLength)
    if (refusal) return { ...refusal, part }
  }
  return null
}

function refusalOfNeeds(needs: Need[], rights: Rights, maxPathLength: number): WireError | null {
  for (const need of needs) {
    const path = need.path.slice(0, maxPathLength)
    const problem = needProblem(need, maxPathLength)
    if (problem !== null) return wireError('BAD_REQUEST', { message: problem, path })
    if (!rights.allows(need)) return wireError('FORBIDDEN', { message: forbidden(need), path })
  }
  return null
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
