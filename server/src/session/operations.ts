import { z } from 'zod'
import type {
  CreateMode,
  MultiPart,
  MultiPartResult,
  Operation,
  Operations,
  Results,
  WireError,
} from 'zoogate-client/protocol'
import type { Need } from '../access/rights.js'
import { createNeeds, needOfView, partNeeds } from '../access/rights.js'
import type { Limits } from '../limits/limits.js'
import * as field from '../wire/fields.js'
import { withChroot, withoutChroot } from '../wire/path.js'
import { fromBytes, toBytes } from '../wire/protocol.js'
import {
  type CallResult,
  CREATE_FLAGS,
  type CreateFlags,
  type EnsembleLink,
  ERR,
  type MultiPart as LinkPart,
} from '../zookeeper/index.js'
import { aclOf, fromAclEntries, type NodeAcl, toAclEntries } from './acl.js'
import {
  type CallRefusal,
  tooLargeMulti,
  tooManyParts,
  tooManyWatches,
  tooMuchData,
  type WatchUse,
  wrongCreation,
} from './call-limits.js'

// Every operation that a page can call, a row each. A new operation is a row here and a request of the link.

/** The views of a page, as calls use them. Paths are the page's. */
export interface CallViews {
  /**
   * @param opened called before the first message of the view is sent
   * @returns the refusal of a view that is not opened, or null
   */
  open(fields: Operations['openView'], opened: (view: number) => void): WireError | null
  /** Passes also where there is no such view: it may have ended meanwhile. */
  close(view: number): void
  /** The access control list of a node has changed, or may have. */
  aclChanged(path: string): void
}

/** The parts of a session that its calls run on. */
export interface CallContext {
  readonly link: EnsembleLink
  /** The gateway's and the token's: '' or a path. */
  readonly chroot: string
  readonly nodeAcl: NodeAcl
  /** Made when the first call needs them: most pages have none. */
  views(): CallViews
}

/** The end of a call. The first form is the ensemble's answer; the others come from the gateway's views. */
export type Outcome<T> = CallResult<T> | { value: T } | { refusal: WireError }

/** One operation: how a call of it is checked, in this order, and run. */
export interface Row<O extends Operation> {
  /** Counts lists before their entries are looked at. */
  count?(fields: object, limits: Limits): CallRefusal | null
  schema: z.ZodType
  /** The rights that the call needs, path by path. Each path is checked with its need. */
  needs(fields: Operations[O]): readonly Need[]
  limits?(fields: Operations[O], limits: Limits, watches: WatchUse): CallRefusal | null
  /** Calls `done` once: synchronously with the ensemble's answer, or at once where the ensemble is not asked. */
  run(context: CallContext, fields: Operations[O], done: (outcome: Outcome<Results[O]>) => void): void
}

const ANY_VERSION = -1

const MODES: Record<CreateMode, CreateFlags> = {
  persistent: CREATE_FLAGS.PERSISTENT,
  ephemeral: CREATE_FLAGS.EPHEMERAL,
  persistent_sequential: CREATE_FLAGS.PERSISTENT_SEQUENTIAL,
  ephemeral_sequential: CREATE_FLAGS.EPHEMERAL_SEQUENTIAL,
  container: CREATE_FLAGS.CONTAINER,
  ttl: CREATE_FLAGS.TTL,
  ttl_sequential: CREATE_FLAGS.TTL_SEQUENTIAL,
}

const { path, version } = field
const pathOnly = z.object({ path })
const watched = z.object({ path, watch: z.boolean().optional() })
const lastingWatch = z.object({ path, recursive: z.boolean().optional() })
const createFields = z.object({
  path,
  data: field.nodeData.optional(),
  mode: field.mode.optional(),
  acl: field.acls.optional(),
  ttlMs: field.ttlMs.optional(),
})
const deleteFields = z.object({ path, version: version.optional() })
const setDataFields = z.object({ path, data: field.nodeData, version: version.optional() })
const multiPart = z.discriminatedUnion('op', [
  createFields.extend({ op: z.literal('create') }),
  deleteFields.extend({ op: z.literal('delete') }),
  setDataFields.extend({ op: z.literal('setData') }),
  z.object({ op: z.literal('check'), path, version: version.optional() }),
])

type Read = 'exists' | 'getData' | 'getChildren'

/** The three reads that can set a one-shot watch. */
const READ = {
  schema: watched,
  needs: ({ path, watch }: Operations[Read]): Need[] => [{ right: watch ? 'read' : 'get', path }],
  limits: (fields: Operations[Read], limits: Limits, watches: WatchUse) =>
    fields.watch ? tooManyWatches(fields, limits, watches) : null,
}

export const OPERATIONS = {
  create: {
    schema: createFields,
    needs: createNeeds,
    limits: (fields, limits) => wrongCreation(fields, limits) ?? tooMuchData(fields, limits),
    run({ link, chroot, nodeAcl }, { path, data, mode, acl, ttlMs }, done) {
      const created = (result: CallResult<Results['create']>) =>
        done(mapped(result, ({ path, stat }) => ({ path: withoutChroot(chroot, path), stat })))
      const flags = MODES[mode ?? 'persistent']
      link.create(withChroot(chroot, path), toBytes(data), aclOf(acl, nodeAcl, mode), flags, created, ttlMs)
    },
  },
  delete: {
    schema: deleteFields,
    needs: ({ path }) => [{ right: 'delete', path }],
    run: ({ link, chroot }, { path, version }, done) =>
      link.delete(withChroot(chroot, path), version ?? ANY_VERSION, done),
  },
  exists: {
    ...READ,
    run({ link, chroot }, { path, watch }, done) {
      link.exists(withChroot(chroot, path), watch ?? false, (result) => {
        const { err, zxid } = result
        done(err === ERR.NO_NODE && zxid !== null ? { err: 0, zxid, value: { stat: null } } : result)
      })
    },
  },
  getData: {
    ...READ,
    run({ link, chroot }, { path, watch }, done) {
      link.getData(withChroot(chroot, path), watch ?? false, (result) =>
        done(mapped(result, ({ data, stat }) => ({ data: fromBytes(data), stat }))),
      )
    },
  },
  setData: {
    schema: setDataFields,
    needs: ({ path }) => [{ right: 'write', path }],
    limits: tooMuchData,
    run: ({ link, chroot }, { path, data, version }, done) =>
      link.setData(withChroot(chroot, path), toBytes(data), version ?? ANY_VERSION, done),
  },
  getChildren: {
    ...READ,
    run: ({ link, chroot }, { path, watch }, done) =>
      link.getChildren(withChroot(chroot, path), watch ?? false, done),
  },
  getACL: {
    schema: pathOnly,
    needs: ({ path }) => [{ right: 'get', path }],
    run({ link, chroot }, { path }, done) {
      link.getACL(withChroot(chroot, path), (result) =>
        done(mapped(result, ({ acl, stat }) => ({ acl: fromAclEntries(acl), stat }))),
      )
    },
  },
  setACL: {
    schema: z.object({ path, acl: field.acls, version: version.optional() }),
    needs: ({ path }) => [{ right: 'acl', path }],
    run({ link, chroot, views }, { path, acl, version }, done) {
      link.setACL(withChroot(chroot, path), toAclEntries(acl), version ?? ANY_VERSION, (result) => {
        done(result)
        if ('value' in result || result.outcome === 'unknown') views().aclChanged(path)
      })
    },
  },
  sync: {
    schema: pathOnly,
    needs: ({ path }) => [{ right: 'get', path }],
    run: ({ link, chroot }, { path }, done) => link.sync(withChroot(chroot, path), done),
  },
  getEphemerals: {
    schema: pathOnly,
    needs: ({ path }) => [{ right: null, path }],
    run({ link, chroot }, { path }, done) {
      const prefix = withChroot(chroot, path)
      link.getEphemerals(prefix, (result) =>
        done(
          mapped(result, ({ paths }) => ({
            paths: paths.filter((one) => isBelow(one, prefix)).map((one) => withoutChroot(chroot, one)),
          })),
        ),
      )
    },
  },
  whoAmI: {
    schema: z.object({}),
    needs: () => [],
    run: ({ link }, _, done) => link.whoAmI(done),
  },
  multi: {
    count: tooManyParts,
    schema: z.object({ parts: z.array(multiPart).min(1) }),
    needs: ({ parts }) => parts.flatMap(partNeeds),
    limits: tooLargeMulti,
    run({ link, chroot, nodeAcl }, { parts }, done) {
      link.multi(
        parts.map((part) => toLinkPart(part, chroot, nodeAcl)),
        (result) =>
          done(
            mapped(result, ({ results }) => ({ results: results.map((one) => toPartResult(one, chroot)) })),
          ),
      )
    },
  },
  addWatch: {
    schema: lastingWatch,
    needs: ({ path, recursive }) => [{ right: 'watch', path, scope: recursive ? 'subtree' : 'node' }],
    limits: tooManyWatches,
    run: ({ link, chroot }, { path, recursive }, done) =>
      link.addWatch(withChroot(chroot, path), recursive ?? false, done),
  },
  removeWatch: {
    schema: lastingWatch,
    needs: ({ path }) => [{ right: null, path }],
    run: ({ link, chroot }, { path, recursive }, done) =>
      link.removeWatch(withChroot(chroot, path), recursive ?? false, done),
  },
  openView: {
    schema: z.object({
      path,
      depth: field.viewDepth.optional(),
      data: z.boolean().optional(),
      since: field.viewPoint.optional(),
    }),
    needs: (fields) => [needOfView(fields)],
    run({ views }, fields, done) {
      const refusal = views().open(fields, (view) => done({ value: { view } }))
      if (refusal) done({ refusal: { ...refusal, path: fields.path } })
    },
  },
  closeView: {
    schema: z.object({ view: z.int().nonnegative() }),
    needs: () => [],
    run({ views }, { view }, done) {
      views().close(view)
      done({ value: {} })
    },
  },
} satisfies { [O in Operation]: Row<O> }

function toLinkPart(part: MultiPart, chroot: string, nodeAcl: NodeAcl): LinkPart {
  const path = withChroot(chroot, part.path)
  switch (part.op) {
    case 'create': {
      const { op, data, mode, acl, ttlMs } = part
      return {
        op,
        path,
        data: toBytes(data),
        acl: aclOf(acl, nodeAcl, mode),
        flags: MODES[mode ?? 'persistent'],
        ...(ttlMs !== undefined && { ttlMs }),
      }
    }
    case 'setData':
      return { op: part.op, path, data: toBytes(part.data), version: part.version ?? ANY_VERSION }
    default:
      return { op: part.op, path, version: part.version ?? ANY_VERSION }
  }
}

function toPartResult(result: MultiPartResult, chroot: string): MultiPartResult {
  return result.path === undefined ? result : { ...result, path: withoutChroot(chroot, result.path) }
}

/** ZooKeeper compares a prefix as text: '/a' would find '/ab' too, and a chroot's neighbour. */
function isBelow(path: string, prefix: string): boolean {
  return prefix === '/' || path === prefix || path.startsWith(`${prefix}/`)
}

function mapped<T, R>(result: CallResult<T>, map: (value: T) => R): CallResult<R> {
  return 'value' in result ? { err: 0, zxid: result.zxid, value: map(result.value) } : result
}

export type OperationEquality = [
  field.Holds<field.Matches<typeof multiPart, MultiPart>>,
  field.Holds<
    { [O in Operation]: field.Matches<(typeof OPERATIONS)[O]['schema'], Operations[O]> }[Operation]
  >,
  field.Holds<field.Same<keyof typeof OPERATIONS, Operation>>,
]
