import { isUtf8 } from 'node:buffer'
import { z } from 'zod'
import type {
  Call,
  Close,
  Hello,
  NodeData,
  PageMessage,
  Ping,
  Pong,
  Resume,
  Token,
} from 'zoogate-client/protocol'
import { type Holds, hexLong, id, type Matches, problemOf, type Same, watchLists } from './fields.js'

// Messages of pages are checked in two steps: first the message as a whole, as far as a reply needs it, then the fields of the
// operation (session/operations.ts). So a bad call gets an error with its id, and only a message without an id costs the
// connection.

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

const messageSchemas = {
  hello: helloSchema,
  close: closeSchema,
  ping: pingSchema,
  pong: pongSchema,
  token: tokenSchema,
}

/** A call whose operation and fields are unchecked yet. */
export interface RawCall {
  id: number
  op: unknown
  fields: object
}

/** One message of a page after the first step. */
export type Parsed =
  | { kind: 'message'; message: Exclude<PageMessage, Call> }
  | { kind: 'call'; call: RawCall }
  /** The message is wrong, and has an id that an error can be sent to. */
  | { kind: 'answerable'; id: number; problem: string }
  /** The message is wrong and has no id: the connection ends. */
  | { kind: 'unreadable'; problem: string }

/**
 * Splits a frame into its messages, still unchecked, or names its fault.
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

/** Checks one message of a page as a whole. Never throws. */
export function parseMessage(value: unknown): Parsed {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'unreadable', problem: 'a message is a JSON object' }
  }
  const { type, id: given, op } = value as { type?: unknown; id?: unknown; op?: unknown }
  if (type === 'call') {
    // The same numbers as `id` allows; every call passes here.
    if (Number.isSafeInteger(given) && (given as number) >= 0) {
      return { kind: 'call', call: { id: given as number, op, fields: value } }
    }
    return { kind: 'unreadable', problem: 'a call has an id, an integer from 0 on' }
  }
  if (typeof type !== 'string' || !Object.hasOwn(messageSchemas, type)) {
    return fault(value, 'type is one of hello, call, close, ping, pong, token')
  }
  const checked = messageSchemas[type as keyof typeof messageSchemas].safeParse(value)
  return checked.success
    ? { kind: 'message', message: checked.data as Exclude<PageMessage, Call> }
    : fault(value, problemOf(checked.error))
}

/** An error can be sent to any message that carries a usable id. */
function fault(value: object, problem: string): Parsed {
  const callId = id.safeParse((value as { id?: unknown }).id)
  return callId.success ? { kind: 'answerable', id: callId.data, problem } : { kind: 'unreadable', problem }
}

// ---- the data of nodes, between the wire to the page and the wire to the ensemble ----

export function toBytes(data: NodeData | undefined): Buffer {
  if (data === undefined) return Buffer.alloc(0)
  return typeof data === 'string' ? Buffer.from(data, 'utf8') : Buffer.from(data.base64, 'base64')
}

export function fromBytes(data: Buffer): NodeData {
  return isUtf8(data) ? data.toString('utf8') : { base64: data.toString('base64') }
}

/** Length of the node's data in bytes, without making them. */
export function byteLength(data: NodeData | undefined): number {
  if (data === undefined) return 0
  return typeof data === 'string' ? Buffer.byteLength(data) : Buffer.byteLength(data.base64, 'base64')
}

export type ProtocolEquality = [
  Holds<Matches<typeof helloSchema, Hello>>,
  Holds<Matches<typeof resume, Resume>>,
  Holds<Matches<typeof closeSchema, Close>>,
  Holds<Matches<typeof pingSchema, Ping>>,
  Holds<Matches<typeof pongSchema, Pong>>,
  Holds<Matches<typeof tokenSchema, Token>>,
  Holds<Same<keyof typeof messageSchemas, Exclude<PageMessage['type'], 'call'>>>,
]
