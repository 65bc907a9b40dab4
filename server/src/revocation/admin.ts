import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Log } from '../telemetry/log.js'
import { RevocationError } from './revocation-list.js'

/** A day: longer than most tokens live. */
export const DEFAULT_REVOCATION_MS = 86_400_000
const LONGEST_REVOCATION_MS = 365 * DEFAULT_REVOCATION_MS

/** A subject has at most 255 characters. */
const MAX_BODY_BYTES = 4_096
/** From the first byte of a request to its last. */
const REQUEST_TIMEOUT_MS = 10_000

const FAULT = 'the gateway failed to handle the request; its log says why'

const revokeSchema = z.strictObject({
  subject: z.string().min(1).max(255),
  closeSessions: z.boolean().default(true),
  forMs: z.int().min(1).max(LONGEST_REVOCATION_MS).default(DEFAULT_REVOCATION_MS),
})

/** The tokens to revoke. */
export interface RevokeOptions {
  /** The `sub` of the tokens. */
  subject: string
  /** Whether the subject's ZooKeeper sessions are closed at once, or expire. @default true */
  closeSessions?: boolean
  /** Milliseconds. Make it longer than the tokens live: afterwards they are accepted again. @default a day */
  forMs?: number
}

/** The result of a revocation. */
export interface Revoked {
  /** The end of the revocation. Milliseconds since the epoch. */
  until: number
  /** Connections that this gateway has closed. Other gateways close theirs when the ensemble sends them the revocation. */
  ended: number
}

/** @throws z.ZodError */
export function checkRevokeOptions(options: RevokeOptions): Required<RevokeOptions> {
  return revokeSchema.parse(options)
}

/** The administrator's HTTP server, `POST /admin/revoke`. It belongs on an address that no page reaches. */
export function createAdminServer(
  token: string,
  revoke: (options: RevokeOptions) => Promise<Revoked>,
  log: Log,
): Server {
  const server = createServer((request, response) => {
    answerTo(request, token, revoke).then(
      ({ status, body }) => reply(response, status, body),
      (error: unknown) => {
        // Among these are requests that broke off, which get no answer.
        log.error({ error: error instanceof Error ? error.stack : String(error) }, FAULT)
        reply(response, 500, { error: FAULT })
      },
    )
  })
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.headersTimeout = REQUEST_TIMEOUT_MS
  return server
}

interface Answer {
  status: number
  body: object
}

async function answerTo(
  request: IncomingMessage,
  token: string,
  revoke: (options: RevokeOptions) => Promise<Revoked>,
): Promise<Answer> {
  if (!isBearer(request.headers.authorization, token)) {
    return {
      status: 401,
      body: { error: 'send the administrator’s token in a header: Authorization: Bearer …' },
    }
  }
  if (request.url !== '/admin/revoke')
    return { status: 404, body: { error: 'this address serves only /admin/revoke' } }
  if (request.method !== 'POST') return { status: 405, body: { error: 'send a POST request' } }
  const text = await textOf(request)
  if (text === null) return { status: 413, body: { error: `send at most ${MAX_BODY_BYTES} bytes` } }
  const options = revokeSchema.safeParse(parsed(text))
  if (!options.success) return { status: 400, body: { error: z.prettifyError(options.error) } }
  try {
    return { status: 200, body: await revoke(options.data) }
  } catch (error) {
    if (error instanceof RevocationError) return { status: 503, body: { error: error.message } }
    throw error
  }
}

/** Compares digests: they have the same length, and the time that it takes says nothing about the token. */
function isBearer(header: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${token}`))
}

/** @returns null for a body that is too long */
async function textOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    // The rest is read and dropped: a client that is still sending would miss the answer.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return bytes > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // no object either, so that the schema refuses it
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(`${JSON.stringify(body)}\n`)
}
