import type {
  Call,
  ErrorReply,
  MultiPart,
  MultiPartResult,
  Operation,
  Operations,
  Reply,
  Results,
} from 'zoogate-client/protocol'
import type { LimitName, Limits } from '../limits/limits.js'
import { wireError } from '../wire/errors.js'
import { withChroot, withoutChroot } from '../wire/path.js'
import {
  type CallResult,
  type EnsembleLink,
  errorCodeOf,
  type MultiPart as LinkPart,
} from '../zookeeper/index.js'
import type { NodeAcl } from './node-acl.js'
import { defaultAcl } from './node-acl.js'
import { CREATE_FLAGS, fromAclEntries, fromBytes, toAclEntries, toBytes } from './node-values.js'
import { limitRefusal } from './operation-limits.js'

export type Answer = Reply | ErrorReply

const NO_NODE = -101
const ANY_VERSION = -1

/** Where a call is run: the ensemble's side of one page. */
export interface Place {
  link: EnsembleLink
  chroot: string
  nodeAcl: NodeAcl
  /** A call was refused because of this limit. */
  limited: (limit: LimitName) => void
}

/** What the page's own session does; views are the gateway's. */
export type SessionOperation = Exclude<Operation, 'openView' | 'closeView'>
export type SessionCall = Extract<Call, { op: SessionOperation }>

type Run<O extends SessionOperation> = (
  place: Place,
  fields: Operations[O],
  done: (result: CallResult<Results[O]>) => void,
) => void

/** Operation -> call on the link. */
const RUN: { [O in SessionOperation]: Run<O> } = {
  create({ link, chroot, nodeAcl }, { path, data, mode, acl, ttlMs }, done) {
    const flags = CREATE_FLAGS[mode ?? 'persistent']
    const made = (result: CallResult<Results['create']>) =>
      done(mapped(result, ({ path, stat }) => ({ path: withoutChroot(chroot, path), stat })))
    const entries = acl ? toAclEntries(acl) : defaultAcl(nodeAcl, mode)
    link.create(withChroot(chroot, path), toBytes(data), entries, flags, made, ttlMs)
  },
  delete({ link, chroot }, { path, version }, done) {
    link.delete(withChroot(chroot, path), version ?? ANY_VERSION, done)
  },
  exists({ link, chroot }, { path, watch }, done) {
    link.exists(withChroot(chroot, path), watch ?? false, (result) => {
      const missing = result.err === NO_NODE && result.zxid !== null
      done(missing ? { err: 0, zxid: result.zxid ?? '', value: { stat: null } } : result)
    })
  },
  getData({ link, chroot }, { path, watch }, done) {
    link.getData(withChroot(chroot, path), watch ?? false, (result) =>
      done(mapped(result, ({ data, stat }) => ({ data: fromBytes(data), stat }))),
    )
  },
  setData({ link, chroot }, { path, data, version }, done) {
    link.setData(withChroot(chroot, path), toBytes(data), version ?? ANY_VERSION, done)
  },
  getChildren({ link, chroot }, { path, watch }, done) {
    link.getChildren(withChroot(chroot, path), watch ?? false, done)
  },
  getACL({ link, chroot }, { path }, done) {
    link.getACL(withChroot(chroot, path), (result) =>
      done(mapped(result, ({ acl, stat }) => ({ acl: fromAclEntries(acl), stat }))),
    )
  },
  setACL({ link, chroot }, { path, acl, version }, done) {
    link.setACL(withChroot(chroot, path), toAclEntries(acl), version ?? ANY_VERSION, done)
  },
  sync({ link, chroot }, { path }, done) {
    link.sync(withChroot(chroot, path), done)
  },
  getEphemerals({ link, chroot }, { path }, done) {
    const prefix = withChroot(chroot, path)
    link.getEphemerals(prefix, (result) =>
      done(mapped(result, ({ paths }) => ({ paths: paths.filter(below(prefix)).map(inside(chroot)) }))),
    )
  },
  whoAmI({ link }, _, done) {
    link.whoAmI(done)
  },
  multi({ link, chroot, nodeAcl }, { parts }, done) {
    link.multi(
      parts.map((part) => toLinkPart(chroot, nodeAcl, part)),
      (result) => done(mapped(result, ({ results }) => ({ results: results.map(toPartResult(chroot)) }))),
    )
  },
  addWatch({ link, chroot }, { path, recursive }, done) {
    link.addWatch(withChroot(chroot, path), recursive ?? false, done)
  },
  removeWatch({ link, chroot }, { path, recursive }, done) {
    link.removeWatch(withChroot(chroot, path), recursive ?? false, done)
  },
}

/**
 * Runs one call whose paths have been checked, and hands over its answer exactly once, synchronously with the
 * ensemble's reply.
 */
export function execute(
  call: SessionCall,
  place: Place,
  limits: Limits,
  answer: (answer: Answer) => void,
): void {
  const refusal = limitRefusal(call, place.link, limits)
  if (refusal) {
    if (refusal.limit !== undefined) place.limited(refusal.limit)
    answer({ type: 'error', id: call.id, error: refusal.error })
    return
  }
  const run = RUN[call.op] as Run<SessionOperation>
  run(place, call, (result) => answer(answerOf(call, result)))
}

function answerOf(call: SessionCall, result: CallResult<Results[SessionOperation]>): Answer {
  if ('value' in result) return { type: 'reply', id: call.id, zxid: result.zxid, result: result.value }
  const error = wireError(errorCodeOf(result.err), {
    ...pathOf(call, result.part),
    outcome: result.outcome,
    number: result.err,
  })
  return { type: 'error', id: call.id, ...(result.zxid !== null && { zxid: result.zxid }), error }
}

/** Which path an error is about, and which part of a multi. */
function pathOf(call: SessionCall, part: number | undefined): { path?: string; part?: number } {
  if (call.op === 'whoAmI') return {}
  if (call.op !== 'multi') return { path: call.path }
  const failed = part === undefined ? undefined : call.parts[part]
  return failed ? { path: failed.path, part: part as number } : {}
}

function toLinkPart(chroot: string, nodeAcl: NodeAcl, part: MultiPart): LinkPart {
  const path = withChroot(chroot, part.path)
  switch (part.op) {
    case 'create': {
      const flags = CREATE_FLAGS[part.mode ?? 'persistent']
      const { op, data, acl, ttlMs } = part
      return {
        op,
        path,
        data: toBytes(data),
        acl: acl ? toAclEntries(acl) : defaultAcl(nodeAcl, part.mode),
        flags,
        ...(ttlMs !== undefined && { ttlMs }),
      }
    }
    case 'setData':
      return { op: part.op, path, data: toBytes(part.data), version: part.version ?? ANY_VERSION }
    default:
      return { op: part.op, path, version: part.version ?? ANY_VERSION }
  }
}

function toPartResult(chroot: string): (result: MultiPartResult) => MultiPartResult {
  return (result) =>
    result.path === undefined ? result : { ...result, path: withoutChroot(chroot, result.path) }
}

/** ZooKeeper takes a prefix for text: '/a' would find '/ab' too, and a chroot's neighbour. */
function below(prefix: string): (path: string) => boolean {
  return (path) => prefix === '/' || path === prefix || path.startsWith(`${prefix}/`)
}

function inside(chroot: string): (path: string) => string {
  return (path) => withoutChroot(chroot, path)
}

function mapped<T, R>(result: CallResult<T>, map: (value: T) => R): CallResult<R> {
  return 'value' in result ? { err: 0, zxid: result.zxid, value: map(result.value) } : result
}
