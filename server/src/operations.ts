import { isUtf8 } from 'node:buffer'
import type {
  Acl,
  Call,
  ErrorReply,
  NodeData,
  Operation,
  Operations,
  Permission,
  Reply,
  Results,
  WireError,
} from 'zoogate-client/protocol'
import { wireError } from './errors.js'
import type { Limits } from './limits.js'
import { withChroot, withoutChroot } from './path.js'
import { type CallResult, type EnsembleLink, errorCodeOf } from './zookeeper/index.js'

export type Answer = Reply | ErrorReply

const NO_NODE = -101
const ANY_VERSION = -1
const PERMISSION_BITS: Record<Permission, number> = { read: 1, write: 2, create: 4, delete: 8, admin: 16 }
const OPEN_TO_ALL = [{ perms: 31, scheme: 'world', id: 'anyone' }]
const MODE_FLAGS = {
  persistent: 0,
  ephemeral: 1,
  persistent_sequential: 2,
  ephemeral_sequential: 3,
} as const

type Run<O extends Operation> = (
  link: EnsembleLink,
  path: string,
  fields: Operations[O],
  done: (result: CallResult<Results[O]>) => void,
  chroot: string,
) => void

/** Operation -> call on the link. Paths are the ensemble's here. */
const RUN: { [O in Operation]: Run<O> } = {
  create(link, path, { data, mode, acl }, done, chroot) {
    link.create(path, toBytes(data), toAcl(acl), MODE_FLAGS[mode ?? 'persistent'], (result) =>
      done(mapped(result, (made) => ({ path: withoutChroot(chroot, made.path), stat: made.stat }))),
    )
  },
  delete(link, path, { version }, done) {
    link.delete(path, version ?? ANY_VERSION, (result) => done(mapped(result, () => ({}))))
  },
  exists(link, path, { watch }, done) {
    link.exists(path, watch ?? false, (result) => {
      if (result.err === NO_NODE && result.zxid !== null) {
        done({ err: 0, zxid: result.zxid, value: { stat: null } })
      } else {
        done(result)
      }
    })
  },
  getData(link, path, { watch }, done) {
    link.getData(path, watch ?? false, (result) =>
      done(mapped(result, ({ data, stat }) => ({ data: fromBytes(data), stat }))),
    )
  },
  setData(link, path, { data, version }, done) {
    link.setData(path, toBytes(data), version ?? ANY_VERSION, done)
  },
  getChildren(link, path, { watch }, done) {
    link.getChildren(path, watch ?? false, done)
  },
}

/**
 * Runs one call whose path has been checked, and hands over its answer exactly once, synchronously with the
 * ensemble's reply.
 */
export function execute(
  call: Call,
  link: EnsembleLink,
  chroot: string,
  limits: Limits,
  answer: (answer: Answer) => void,
): void {
  const refusal = limitRefusal(call, link, limits)
  if (refusal) {
    answer({ type: 'error', id: call.id, error: refusal })
    return
  }
  const run = RUN[call.op] as Run<Operation>
  run(link, withChroot(chroot, call.path), call, (result) => answer(answerOf(call, result)), chroot)
}

function limitRefusal(call: Call, link: EnsembleLink, limits: Limits): WireError | null {
  const { path } = call
  if ('watch' in call && call.watch && link.watchCount >= limits.maxWatches) {
    const message = `a session holds at most ${limits.maxWatches} watches; watch a parent instead`
    return wireError('RATE_LIMITED', { path, message })
  }
  if ('data' in call && byteLength(call.data) > limits.maxDataBytes) {
    const message = `a node holds at most ${limits.maxDataBytes} bytes here; keep large things elsewhere`
    return wireError('TOO_LARGE', { path, message })
  }
  return null
}

function byteLength(data: NodeData | undefined): number {
  if (data === undefined) return 0
  return typeof data === 'string' ? Buffer.byteLength(data) : Buffer.byteLength(data.base64, 'base64')
}

function answerOf(call: Call, result: CallResult<Results[Operation]>): Answer {
  if ('value' in result) return { type: 'reply', id: call.id, zxid: result.zxid, result: result.value }
  const error = wireError(errorCodeOf(result.err), {
    path: call.path,
    outcome: result.outcome,
    number: result.err,
  })
  return { type: 'error', id: call.id, ...(result.zxid !== null && { zxid: result.zxid }), error }
}

function mapped<T, R>(result: CallResult<T>, map: (value: T) => R): CallResult<R> {
  return 'value' in result ? { err: 0, zxid: result.zxid, value: map(result.value) } : result
}

function toBytes(data: NodeData | undefined): Buffer {
  if (data === undefined) return Buffer.alloc(0)
  return typeof data === 'string' ? Buffer.from(data, 'utf8') : Buffer.from(data.base64, 'base64')
}

function fromBytes(data: Buffer): NodeData {
  return isUtf8(data) ? data.toString('utf8') : { base64: data.toString('base64') }
}

function toAcl(acl: Acl[] | undefined): readonly { perms: number; scheme: string; id: string }[] {
  if (!acl) return OPEN_TO_ALL
  return acl.map(({ scheme, id, permissions }) => ({
    scheme,
    id,
    perms: permissions.reduce((bits, permission) => bits | PERMISSION_BITS[permission], 0),
  }))
}
