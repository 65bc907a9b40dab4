import type { IncomingMessage, ServerResponse } from 'node:http'
import type { z } from 'zod'
import { isOriginAllowed } from '../../access/origin.js'
import type { Log } from '../../telemetry/log.js'
import { replyText } from './reply.js'

/** Four times what the longest request needs. */
const MAX_BODY_BYTES = 1024

/** What is asked for cannot happen now; the message says why, and when it can. */
export class Refused extends Error {
  override readonly name: string = 'Refused'
}

/** What is wrong with a request, as it is answered. */
class BadRequest extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * Does what a page of this server has posted, as JSON that fits the schema. Answers 204 when it is done, 409 when it was
 * refused, another 4xx with a sentence for a request that comes from elsewhere or does not fit.
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
  // Pages of other origins cannot send this type without asking first, and nobody answers them.
  if (headers['content-type']?.split(';', 1)[0]?.trim() !== 'application/json')
    throw new BadRequest(415, 'Send application/json.')
  const parsed = schema.safeParse(parseJson(await readBody(request)))
  if (!parsed.success) throw new BadRequest(400, parsed.error.issues.map(sentence).join('; '))
  return parsed.data
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Not destroyed where the loop ends early: the refusal still has to go out.
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
    // What was not read must not be taken for the next request.
    if (error.status === 413) response.setHeader('connection', 'close')
    replyText(response, error.status, error.message)
  } else if (error instanceof Refused) {
    replyText(response, 409, error.message)
  } else if (!response.destroyed) {
    log.error({ error: String(error) }, 'what a page asked for could not begin')
    replyText(response, 500, 'It could not begin; the log of zoogate dev says why.')
  }
}
