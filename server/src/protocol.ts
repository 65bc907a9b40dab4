import { z } from 'zod'
import type {
  Acl,
  Call,
  Close,
  Hello,
  NodeData,
  Operation,
  Operations,
  PageMessage,
  Permission,
  Ping,
  Pong,
  Resume,
  WatchLists,
} from 'zoogate-client/protocol'

// What comes from a page is checked in two steps: first the message as a whole, as far as is needed to
// answer it, then the fields of the operation. So a bad call gets an error with its id, and only what
// cannot be answered costs the connection.

const hexLong = z.string().regex(/^0x[0-9a-f]{1,16}$/, 'a number in lower-case hexadecimal with 0x')
const base64 = z.base64()
const nodeData = z.union([z.string(), z.object({ base64 })])
const path = z.string()
const version = z.int32()
/** Ids are the page's own; the gateway only gives them back. */
const id = z.int().nonnegative()
const permission = z.enum(['read', 'write', 'create', 'delete', 'admin'])
const acl = z.object({ scheme: z.string().min(1), id: z.string(), permissions: z.array(permission).min(1) })
const watchLists = z.object({ data: z.array(path), exist: z.array(path), child: z.array(path) })
const resume = z.object({ token: z.string().max(4096), zxid: hexLong, watches: watchLists })

export const helloSchema = z.object({
  type: z.literal('hello'),
  token: z.string().min(1).max(16_384),
  timeoutMs: z.int().min(1).max(2_147_483_647),
  resume: resume.optional(),
})

const closeSchema = z.object({ type: z.literal('close') })
const pingSchema = z.object({ type: z.literal('ping'), id })
const pongSchema = z.object({ type: z.literal('pong'), id })

/** The fields of each operation. A new operation that is missing here does not compile. */
export const operationSchemas = {
  create: z.object({
    path,
    data: nodeData.optional(),
    mode: z.enum(['persistent', 'ephemeral', 'persistent_sequential', 'ephemeral_sequential']).optional(),
    acl: z.array(acl).min(1).max(100).optional(),
  }),
  delete: z.object({ path, version: version.optional() }),
  exists: z.object({ path, watch: z.boolean().optional() }),
  getData: z.object({ path, watch: z.boolean().optional() }),
  setData: z.object({ path, data: nodeData, version: version.optional() }),
  getChildren: z.object({ path, watch: z.boolean().optional() }),
} satisfies Record<Operation, z.ZodType>

const messageSchemas = { hello: helloSchema, close: closeSchema, ping: pingSchema, pong: pongSchema }

/** What one message of a page turned out to be. */
export type Parsed =
  | { kind: 'message'; message: PageMessage }
  /** Nothing that can be done, but it has an id that an error can be sent to. */
  | { kind: 'answerable'; id: number; problem: string }
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

/** Checks one message of a page. Never throws. */
export function parseMessage(value: unknown): Parsed {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'unreadable', problem: 'a message is a JSON object' }
  }
  const { type } = value as { type?: unknown }
  if (type === 'call') return parseCall(value)
  if (typeof type !== 'string' || !Object.hasOwn(messageSchemas, type)) {
    return fault(value, 'type is one of hello, call, close, ping, pong')
  }
  const checked = messageSchemas[type as keyof typeof messageSchemas].safeParse(value)
  return checked.success
    ? { kind: 'message', message: checked.data as PageMessage }
    : fault(value, problemOf(checked.error))
}

function parseCall(value: object): Parsed {
  const { op } = value as { op?: unknown }
  if (typeof op !== 'string' || !Object.hasOwn(operationSchemas, op)) {
    return fault(value, `op is one of ${Object.keys(operationSchemas).join(', ')}`)
  }
  const callId = id.safeParse((value as { id?: unknown }).id)
  if (!callId.success) return { kind: 'unreadable', problem: 'a call has an id, an integer from 0 on' }
  const fields = operationSchemas[op as Operation].safeParse(value)
  if (!fields.success) return { kind: 'answerable', id: callId.data, problem: problemOf(fields.error) }
  return { kind: 'message', message: { ...fields.data, type: 'call', id: callId.data, op } as Call }
}

/** An error can be sent to any message that carries a usable id. */
function fault(value: object, problem: string): Parsed {
  const callId = id.safeParse((value as { id?: unknown }).id)
  return callId.success ? { kind: 'answerable', id: callId.data, problem } : { kind: 'unreadable', problem }
}

/** The first complaint, with its place: enough to mend a page by, and bounded in length. */
function problemOf(error: z.ZodError): string {
  const issue = error.issues[0]
  if (!issue) return 'the message is malformed'
  const place = issue.path.join('.')
  return `${place ? `${place}: ` : ''}${issue.message}`.slice(0, 300)
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
  Holds<Matches<typeof acl, Acl>>,
  Holds<Matches<typeof permission, Permission>>,
  Holds<Matches<typeof nodeData, NodeData>>,
  Holds<{ [O in Operation]: Matches<(typeof operationSchemas)[O], Operations[O]> }[Operation]>,
  Holds<Same<keyof typeof operationSchemas, Operation>>,
  Holds<Same<keyof typeof messageSchemas, Exclude<PageMessage['type'], 'call'>>>,
]
