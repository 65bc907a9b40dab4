import { z } from 'zod'
import type {
  Acl,
  Call,
  Close,
  CreateMode,
  Hello,
  MultiPart,
  NodeData,
  Operation,
  Operations,
  PageMessage,
  Permission,
  Ping,
  Pong,
  Resume,
  Token,
  ViewDepth,
  ViewPoint,
  WatchLists,
} from 'zoogate-client/protocol'

// What comes from a page is checked in two steps: first the message as a whole, as far as is needed to
// answer it, then the fields of the operation. So a bad call gets an error with its id, and only what
// cannot be answered costs the connection.

/** Looks at no element before it knows that there are few: each one that is wrong costs a complaint, and all are collected. */
function shortList<T extends z.ZodType>(element: T, max: number) {
  const isShort = (value: unknown) => !Array.isArray(value) || value.length <= max
  return z
    .unknown()
    .refine(isShort, { abort: true, error: `at most ${max} entries` })
    .pipe(z.array(element).min(1))
}

const hexLong = z.string().regex(/^0x[0-9a-f]{1,16}$/, 'a number in lower-case hexadecimal with 0x')
const base64 = z.base64()
const nodeData = z.union([z.string(), z.object({ base64 })])
const path = z.string()
const version = z.int32()
/** Ids are the page's own; the gateway only gives them back. */
const id = z.int().nonnegative()
const permission = z.enum(['read', 'write', 'create', 'delete', 'admin'])
const acl = z.object({
  scheme: z.string().min(1),
  id: z.string(),
  permissions: shortList(permission, permission.options.length),
})
/** ZooKeeper's own limit is far higher; nobody means it. */
const acls = shortList(acl, 100)
const mode = z.enum([
  'persistent',
  'ephemeral',
  'persistent_sequential',
  'ephemeral_sequential',
  'container',
  'ttl',
  'ttl_sequential',
])
/** 40 bits in milliseconds are what ZooKeeper keeps. */
const ttlMs = z.int().min(1).max(1_099_511_627_775)
/** One complaint for the whole list: a hello of the largest size holds hundreds of thousands of entries. */
const paths = z.custom<string[]>(
  (value) => Array.isArray(value) && value.every((entry) => typeof entry === 'string'),
  { error: 'a list of paths' },
)
const watchLists = z.object({
  data: paths,
  exist: paths,
  child: paths,
  persistent: paths.optional(),
  recursive: paths.optional(),
})
const resume = z.object({ token: z.string().max(4096), zxid: hexLong, watches: watchLists })

/** Node reads at most 16 KiB of headers, so that no cookie carries a longer one either. */
const token = z.string().max(16_384)

export const helloSchema = z.object({
  type: z.literal('hello'),
  token,
  timeoutMs: z.int().min(1).max(2_147_483_647),
  resume: resume.optional(),
})

const closeSchema = z.object({ type: z.literal('close') })
const pingSchema = z.object({ type: z.literal('ping'), id })
const pongSchema = z.object({ type: z.literal('pong'), id })
const tokenSchema = z.object({ type: z.literal('token'), token: token.min(1) })

const watched = z.object({ path, watch: z.boolean().optional() })
const pathOnly = z.object({ path })
const persistentWatch = z.object({ path, recursive: z.boolean().optional() })
const createFields = z.object({
  path,
  data: nodeData.optional(),
  mode: mode.optional(),
  acl: acls.optional(),
  ttlMs: ttlMs.optional(),
})
const deleteFields = z.object({ path, version: version.optional() })
const setDataFields = z.object({ path, data: nodeData, version: version.optional() })
const multiPart = z.discriminatedUnion('op', [
  createFields.extend({ op: z.literal('create') }),
  deleteFields.extend({ op: z.literal('delete') }),
  setDataFields.extend({ op: z.literal('setData') }),
  z.object({ op: z.literal('check'), path, version: version.optional() }),
])

const viewDepth = z.enum(['children', 'subtree'])
const viewPoint = z.object({ zxid: hexLong, count: z.int().nonnegative() })

/** The fields of each operation. A new operation that is missing here does not compile. */
export const operationSchemas = {
  create: createFields,
  delete: deleteFields,
  exists: watched,
  getData: watched,
  setData: setDataFields,
  getChildren: watched,
  getACL: pathOnly,
  setACL: z.object({ path, acl: acls, version: version.optional() }),
  sync: pathOnly,
  getEphemerals: pathOnly,
  whoAmI: z.object({}),
  multi: z.object({ parts: z.array(multiPart).min(1) }),
  addWatch: persistentWatch,
  removeWatch: persistentWatch,
  openView: z.object({
    path,
    depth: viewDepth.optional(),
    data: z.boolean().optional(),
    since: viewPoint.optional(),
  }),
  closeView: z.object({ view: z.int().nonnegative() }),
} satisfies Record<Operation, z.ZodType>

const messageSchemas = {
  hello: helloSchema,
  close: closeSchema,
  ping: pingSchema,
  pong: pongSchema,
  token: tokenSchema,
}

/** What one message of a page turned out to be. */
export type Parsed =
  | { kind: 'message'; message: PageMessage }
  /** Nothing that can be done, but it has an id that an error can be sent to. `limit`: it is past this one. */
  | { kind: 'answerable'; id: number; problem: string; limit?: 'maxMultiParts' }
  /** Nothing that can be answered: the connection ends. */
  | { kind: 'unreadable'; problem: string }

/**
 * Splits a frame into its messages, still unchecked, or says what is wrong with it.
 * @param text one WebSocket text message
 * @param maxMessages messages of one frame
 */
export function splitFrame(text: string, maxMessages: number): unknown[] | { problem: string } {
  let frame: unknown
  try {
    frame = JSON.parse(text)
  } catch {
    return { problem: 'the frame is not JSON' }
  }
  if (!Array.isArray(frame)) return [frame]
  if (frame.length > maxMessages) return { problem: `a frame carries at most ${maxMessages} messages` }
  return frame
}

/**
 * Checks one message of a page. Never throws.
 * @param maxMultiParts parts of a multi: they are counted before they are looked at. @default no limit
 */
export function parseMessage(value: unknown, maxMultiParts = Number.POSITIVE_INFINITY): Parsed {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'unreadable', problem: 'a message is a JSON object' }
  }
  const { type } = value as { type?: unknown }
  if (type === 'call') return parseCall(value, maxMultiParts)
  if (typeof type !== 'string' || !Object.hasOwn(messageSchemas, type)) {
    return fault(value, 'type is one of hello, call, close, ping, pong, token')
  }
  const checked = messageSchemas[type as keyof typeof messageSchemas].safeParse(value)
  return checked.success
    ? { kind: 'message', message: checked.data as PageMessage }
    : fault(value, problemOf(checked.error))
}

function parseCall(value: object, maxMultiParts: number): Parsed {
  const { op, parts } = value as { op?: unknown; parts?: unknown }
  if (typeof op !== 'string' || !Object.hasOwn(operationSchemas, op)) {
    return fault(value, `op is one of ${Object.keys(operationSchemas).join(', ')}`)
  }
  const callId = id.safeParse((value as { id?: unknown }).id)
  if (!callId.success) return { kind: 'unreadable', problem: 'a call has an id, an integer from 0 on' }
  if (op === 'multi' && Array.isArray(parts) && parts.length > maxMultiParts) {
    const problem = `a multi has at most ${maxMultiParts} parts; make several`
    return { kind: 'answerable', id: callId.data, problem, limit: 'maxMultiParts' }
  }
  const fields = operationSchemas[op as Operation].safeParse(value)
  if (!fields.success) return { kind: 'answerable', id: callId.data, problem: problemOf(fields.error) }
  return { kind: 'message', message: { ...fields.data, type: 'call', id: callId.data, op } as Call }
}

/** An error can be sent to any message that carries a usable id. */
function fault(value: object, problem: string): Parsed {
  const callId = id.safeParse((value as { id?: unknown }).id)
  return callId.success ? { kind: 'answerable', id: callId.data, problem } : { kind: 'unreadable', problem }
}

/** The first complaint, with its place: enough to mend a page by. It quotes nothing, and so is short. */
function problemOf(error: z.ZodError): string {
  const { path, message } = error.issues[0] as z.core.$ZodIssue
  return `${path.join('.')}: ${message}`
}

// ---- compile-time equality with the wire types, in both directions ----

type Normal<T> = T extends readonly (infer E)[]
  ? Normal<E>[]
  : T extends object
    ? { [K in keyof T]: Normal<Exclude<T[K], undefined>> }
    : T
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** True only where a schema gives exactly the wire type: a dropped, an added or a retyped field does not compile. */
type Matches<Schema extends z.ZodType, Wire> = Same<Normal<z.infer<Schema>>, Normal<Wire>>
type Holds<T extends true> = T

export type ProtocolEquality = [
  Holds<Matches<typeof helloSchema, Hello>>,
  Holds<Matches<typeof resume, Resume>>,
  Holds<Matches<typeof watchLists, WatchLists>>,
  Holds<Matches<typeof closeSchema, Close>>,
  Holds<Matches<typeof pingSchema, Ping>>,
  Holds<Matches<typeof pongSchema, Pong>>,
  Holds<Matches<typeof tokenSchema, Token>>,
  Holds<Matches<typeof viewDepth, ViewDepth>>,
  Holds<Matches<typeof viewPoint, ViewPoint>>,
  Holds<Matches<typeof acl, Acl>>,
  Holds<Matches<typeof permission, Permission>>,
  Holds<Matches<typeof nodeData, NodeData>>,
  Holds<Matches<typeof multiPart, MultiPart>>,
  Holds<Matches<typeof mode, CreateMode>>,
  Holds<{ [O in Operation]: Matches<(typeof operationSchemas)[O], Operations[O]> }[Operation]>,
  Holds<Same<keyof typeof operationSchemas, Operation>>,
  Holds<Same<keyof typeof messageSchemas, Exclude<PageMessage['type'], 'call'>>>,
]
