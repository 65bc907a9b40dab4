import type { IncomingMessage, ServerResponse } from 'node:http'
import type { z } from 'zod'
import { isOriginAllowed } from '../../access/request.js'
import type { Log } from '../../telemetry/log.js'

// Requests of the boards, and their responses.

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void

/** Nothing that `zoogate dev` serves outlives it, so nothing is cached. */
export function reply(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
}

export function replyJson(response: ServerResponse, body: object): void {
  reply(response, 200, 'application/json', JSON.stringify(body))
}

/** @param sentence for people, without the line's end */
export function replyText(response: ServerResponse, status: number, sentence: string): void {
  reply(response, status, 'text/plain; charset=utf-8', `${sentence}\n`)
}

/** Four times the bytes of the longest request. */
const MAX_BODY_BYTES = 1024

/** The request cannot be done now; the message says why, and when it can. */
export class Refused extends Error {
  override readonly name: string = 'Refused'
}

/** The request itself is wrong; the page gets the status and the message. */
class BadRequest extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * Runs `act` on the JSON that a page of this server has posted. The response is 204 when `act` is done, 409 when it was
 * refused, another 4xx with a sentence when the request comes from another origin or does not fit the schema.
 */
export function handlePosted<T>(
  request: IncomingMessage,
  response: ServerResponse,
  schema: z.ZodType<T>,
  act: (posted: T) => Promise<void>,
  log: Log,
): void {
  readPosted(request, schema)
    .then(act)
    .then(
      () => response.writeHead(204).end(),
      (error: unknown) => replyError(response, error, log),
    )
}

async function readPosted<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const { headers } = request
  if (headers.origin === undefined || !isOriginAllowed(headers, undefined))
    throw new BadRequest(403, 'Only pages of this server may ask for this.')
  // Pages of other origins cannot send this type without a preflight request, which gets no permission.
  if (headers['content-type']?.split(';', 1)[0]?.trim() !== 'application/json')
    throw new BadRequest(415, 'Send application/json.')
  const parsed = schema.safeParse(parseJson(await readBody(request)))
  if (!parsed.success) throw new BadRequest(400, parsed.error.issues.map(sentence).join('; '))
  return parsed.data
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Not destroyed when the loop ends early: the refusal is still to be sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new BadRequest(413, `Send at most ${MAX_BODY_BYTES} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new BadRequest(400, 'The body is not JSON.')
  }
}

function sentence({ path, message }: z.core.$ZodIssue): string {
  return path.length > 0 ? `${path.join('.')}: ${message}` : message
}

function replyError(response: ServerResponse, error: unknown, log: Log): void {
  if (error instanceof BadRequest) {
    // Else the unread rest of the body would be taken for the next request.
    if (error.status === 413) response.setHeader('connection', 'close')
    replyText(response, error.status, error.message)
  } else if (error instanceof Refused) {
    replyText(response, 409, error.message)
  } else if (!response.destroyed) {
    log.error({ error: String(error) }, 'a request of a board failed')
    replyText(response, 500, 'This failed; the log of zoogate dev says why.')
  }
}
