import { checkAcl, resolveAcl } from './acl.js'
import { checkPath, parentOf } from './node-path.js'
import { ERR, OP, PERMISSION, RECORD, Refusal } from './protocol.js'
import type { Cursor, FieldsOf, Id, RecordType, Specification, WritableRecord } from './records.js'
import type { Change, EnsembleState } from './state.js'
import { CONTAINER_OWNER, isEphemeral, LONGEST_TTL_MS, statOf, ttlOwner } from './tree.js'

/** The session and the connection that a request came from. */
export interface Asker {
  readonly sessionId: bigint
  /** Of this connection: its address, and the identities that it has authenticated as. */
  readonly identities: readonly Id[]
}

/** A transaction under way, and the session that asked for it. */
export interface Writing {
  readonly state: EnsembleState
  readonly asker: Asker
  readonly change: Change
  /** Whether nodes may have a time to live. */
  readonly extendedTypes: boolean
}

/** The answer, and its type in a multi's results. */
export interface Written {
  type: number
  body: WritableRecord | null
}

/** Carries out one step, or throws a Refusal. */
export type Step = (writing: Writing) => Written

/** Reads one request. */
export type ReadStep = (request: Cursor) => Step

/** Reading comes first, and apart: a malformed step of a multi is found before any step is carried out. */
function step<S extends Specification>(
  record: RecordType<S>,
  carryOut: (fields: FieldsOf<S>, writing: Writing) => Written,
): ReadStep {
  return (request) => {
    const fields = record.read(request)
    return (writing) => carryOut(fields, writing)
  }
}

const WITHOUT_TTL = -1n
const NO_OWNER = 0n

type CreateFields = ReturnType<typeof RECORD.create.read>

interface Create extends CreateFields {
  ttlMs: bigint
}

function create(type: number, asked: Create, { state, change, asker, extendedTypes }: Writing): Written {
  const mode = createMode(asked.flags, asked.ttlMs, extendedTypes)
  const parentPath = parentOf(asked.path)
  const acl = resolveAcl(asked.acl, asker.identities)
  const parent = state.tree.get(parentPath)
  checkAcl(parent.acl, PERMISSION.CREATE, asker.identities)
  const number = String(parent.childrenCreated).padStart(SEQUENCE_DIGITS, '0')
  const path = mode.sequential ? `${asked.path}${number}` : asked.path
  checkPath(path)
  if (state.tree.find(path) !== undefined) throw new Refusal(ERR.NODE_EXISTS)
  if (isEphemeral(parent)) throw new Refusal(ERR.NO_CHILDREN_FOR_EPHEMERALS)
  const owner = ownerOf(type, asked.ttlMs) ?? (mode.ephemeral ? asker.sessionId : NO_OWNER)
  const undo = state.tree.create(path, { data: asked.data, acl, owner }, change)
  const watchedParent = state.watchedNode(parentPath)
  change.did(undo, () => state.watches.created({ path, acl }, watchedParent))
  if (type === OP.CREATE) return { type, body: RECORD.path.of({ path }) }
  return { type: OP.CREATE2, body: RECORD.pathAndStat.of({ path, stat: statOf(state.tree.get(path)) }) }
}

/** As in ZooKeeper, the request's type makes a container, whatever its flags: flags 4 in a plain create do not. */
function ownerOf(type: number, ttlMs: bigint): bigint | null {
  if (type === OP.CREATE_CONTAINER) return CONTAINER_OWNER
  return type === OP.CREATE_TTL ? ttlOwner(ttlMs) : null
}

const createOf = (type: number) =>
  step(RECORD.create, (asked, writing) => create(type, { ...asked, ttlMs: WITHOUT_TTL }, writing))

const createTtl = step(RECORD.createTtl, (asked, writing) => create(OP.CREATE_TTL, asked, writing))

const SEQUENCE_DIGITS = 10

const remove = step(RECORD.pathAndVersion, ({ path, version }, { state, asker, change }) => {
  const parent = state.tree.get(parentOfRemovable(path))
  checkAcl(parent.acl, PERMISSION.DELETE, asker.identities)
  const node = state.tree.get(path)
  checkVersion(node.version, version)
  if (node.children.size > 0) throw new Refusal(ERR.NOT_EMPTY)
  state.removeNode(path, change)
  return { type: OP.DELETE, body: null }
})

const setData = step(RECORD.setData, ({ path, data, version }, { state, asker, change }) => {
  checkPath(path)
  const node = state.tree.get(path)
  const { acl } = node
  checkAcl(acl, PERMISSION.WRITE, asker.identities)
  checkVersion(node.version, version)
  change.did(state.tree.setData(path, data, change), () => state.watches.dataChanged({ path, acl }))
  return { type: OP.SET_DATA, body: RECORD.stat.of({ stat: statOf(node) }) }
})

const setAcl = step(RECORD.setAcl, ({ path, acl, version }, { state, asker, change }) => {
  checkPath(path)
  const resolved = resolveAcl(acl, asker.identities)
  const node = state.tree.get(path)
  checkAcl(node.acl, PERMISSION.ADMIN, asker.identities)
  checkVersion(node.aversion, version)
  change.did(state.tree.setAcl(path, resolved))
  return { type: OP.SET_ACL, body: RECORD.stat.of({ stat: statOf(node) }) }
})

const check = step(RECORD.pathAndVersion, ({ path, version }, { state, asker }) => {
  checkPath(path)
  const node = state.tree.get(path)
  checkAcl(node.acl, PERMISSION.READ, asker.identities)
  checkVersion(node.version, version)
  return { type: OP.CHECK, body: null }
})

/** The requests that a multi may hold. */
export const STEPS: ReadonlyMap<number, ReadStep> = new Map([
  [OP.CREATE, createOf(OP.CREATE)],
  // In a multi, its answer is that of the older request.
  [OP.CREATE2, createOf(OP.CREATE)],
  [OP.CREATE_CONTAINER, createOf(OP.CREATE_CONTAINER)],
  [OP.CREATE_TTL, createTtl],
  [OP.DELETE, remove],
  [OP.SET_DATA, setData],
  [OP.CHECK, check],
])

/** Requests of one change each. */
export const WRITES: ReadonlyMap<number, ReadStep> = new Map([
  ...STEPS,
  [OP.CREATE2, createOf(OP.CREATE2)],
  [OP.SET_ACL, setAcl],
])

function createMode(flags: number, ttlMs: bigint, extendedTypes: boolean) {
  const mode = CREATE_MODES[flags]
  if (mode === undefined) throw new Refusal(ERR.BAD_ARGUMENTS)
  if (mode.ttl && !extendedTypes) throw new Refusal(ERR.UNIMPLEMENTED)
  const ttlIsValid = mode.ttl ? ttlMs > 0n && ttlMs <= LONGEST_TTL_MS : ttlMs < 0n
  if (!ttlIsValid) throw new Refusal(ERR.BAD_ARGUMENTS)
  return mode
}

/** By the flags of a create request. */
const CREATE_MODES = [
  { ephemeral: false, sequential: false, ttl: false },
  { ephemeral: true, sequential: false, ttl: false },
  { ephemeral: false, sequential: true, ttl: false },
  { ephemeral: true, sequential: true, ttl: false },
  { ephemeral: false, sequential: false, ttl: false },
  { ephemeral: false, sequential: false, ttl: true },
  { ephemeral: false, sequential: true, ttl: true },
]

const NEVER_REMOVED = new Set(['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config'])

function parentOfRemovable(path: string): string {
  const parent = parentOf(path)
  if (NEVER_REMOVED.has(path)) throw new Refusal(ERR.BAD_ARGUMENTS)
  return parent
}

function checkVersion(version: number, wanted: number): void {
  if (wanted !== -1 && wanted !== version) throw new Refusal(ERR.BAD_VERSION)
}
