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

// What a page needs for each call, and whether it has it. Deny by default: what no rule allows is forbidden.

/**
 * Everything that a call needs, path by path, part by part in a multi: no way around a rule.
 * What a session may ask about itself (whoAmI, its own ephemeral nodes) needs no right.
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

/** A view of children shows whatever is there right below its path, so that one child's name does not do. */
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

/** What others need for taking part: who may only create must not shut them out of a place that is everybody's. */
const TAKING_PART: readonly Permission[] = ['read', 'create', 'delete']

function isShared(acl: readonly Acl[]): boolean {
  return acl.some(({ scheme, id, permissions }) => {
    return scheme === 'world' && id === 'anyone' && TAKING_PART.every((one) => permissions.includes(one))
  })
}

/**
 * Why a call is not passed on, or null.
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

/** What is wrong with the path of a need, or null. */
function needProblem({ path, scope }: Need, maxPathLength: number): string | null {
  // Below a chroot the number would be put behind the chroot's own name: a node beside it, and so outside.
  if (scope === 'sequence' && path === '/') return 'a sequential node needs a name before its number'
  return pathProblem(path, maxPathLength)
}

function forbidden({ right, scope }: Need): string {
  const where = scope === 'subtree' ? 'on this path and everything below it' : 'on this path'
  return `the access rules do not allow ${right} ${where}; ask the operator of the gateway`
}
