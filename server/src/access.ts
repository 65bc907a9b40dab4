import type { Call, CreateMode, MultiPart, ViewDepth, WireError } from 'zoogate-client/protocol'
import { wireError } from './errors.js'
import { pathProblem } from './path.js'
import type { Need, Rights } from './rights.js'

export type { AccessRule, Right } from './access-rule.js'
export { accessRuleSchema } from './access-rule.js'
export type { AccessMode, Need } from './rights.js'

// What a page needs for each call, and whether it has it. Deny by default: what no rule allows is forbidden.

/**
 * Everything that a call needs, path by path, one need for each part of a multi: no way around a rule.
 * What a session may ask about itself (whoAmI, its own ephemeral nodes) needs no right.
 */
export function needsOf(call: Call): Need[] {
  switch (call.op) {
    case 'multi':
      return call.parts.map(needOfPart)
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
      return [needOfPart(call)]
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

function needOfPart(part: Pick<MultiPart, 'op' | 'path'> & { mode?: CreateMode }): Need {
  const { op, path, mode = 'persistent' } = part
  if (op !== 'create') return { right: RIGHT_OF_PART[op], path }
  return { right: `create:${mode}`, path, scope: mode.endsWith('_sequential') ? 'sequence' : 'node' }
}

/**
 * Why a call is not passed on, or null.
 * @param maxPathLength in characters
 */
export function refusalOf(call: Call, rights: Rights, maxPathLength: number): WireError | null {
  for (const [at, need] of needsOf(call).entries()) {
    const place = { path: need.path.slice(0, maxPathLength), ...(call.op === 'multi' && { part: at }) }
    const problem = needProblem(need, maxPathLength)
    if (problem !== null) return wireError('BAD_REQUEST', { message: problem, ...place })
    if (!rights.allows(need)) return wireError('FORBIDDEN', { message: forbidden(need), ...place })
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
