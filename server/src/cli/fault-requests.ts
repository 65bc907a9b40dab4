import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Log } from '../log.js'
import { isOriginAllowed } from '../origin.js'
import type { RequestHandler } from './board.js'
import { FAULT_NAMES, FaultRefused } from './fault.js'
import type { Faults } from './faults.js'
import { replyJson, replyText } from './reply.js'

/** Four times what the longest request needs. */
const MAX_BODY_BYTES = 1024

const requestSchema = z.strictObject({
  fault: z.enum(FAULT_NAMES),
  session: z.string().regex(/^0x[0-9a-f]{1,16}$/, 'a session id is 0x and up to 16 lower-case digits'),
  tab: z.string().regex(/^[0-9a-f]{1,64}$/, 'a tab is named by up to 64 lower-case hexadecimal digits'),
})

/** What is wrong with a request, as it is answered. */
class BadRequest extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * `GET` → `{ faults: [{ name, title, watchFor, lastsMs }] }`. `POST { fault, session, tab }` → 204 when the fault has
 * begun, 409 when it cannot happen now, another 4xx with a sentence for a request that is not the board's.
 */
export function faultHandler(faults: Pick<Faults, 'offers' | 'cause'>, log: Log): RequestHandler {
  return (request, response) => {
    if (request.method === 'GET') replyJson(response, { faults: faults.offers() })
    else if (request.method === 'POST')
      cause(faults, request).then(
        () => response.writeHead(204).end(),
        (error: unknown) => replyError(response, error, log),
      )
    else replyText(response.setHeader('allow', 'GET, POST'), 405, 'GET lists the faults, POST causes one.')
  }
}

async function cause(faults: Pick<Faults, 'cause'>, request: IncomingMessage): Promise<void> {
  const { headers } = request
  if (headers.origin === undefined || !isOriginAllowed(headers, undefined))
    throw new BadRequest(403, 'Only the board itself may cause faults.')
  // Pages of other origins cannot send this type without asking first, and nobody answers them.
  if (headers['content-type']?.split(';', 1)[0]?.trim() !== 'application/json')
    throw new BadRequest(415, 'Send application/json.')
  const parsed = requestSchema.safeParse(parseJson(await readBody(request)))
  if (!parsed.success) throw new BadRequest(400, parsed.error.issues.map(sentence).join('; '))
  const { fault, ...victim } = parsed.data
  await faults.cause(fault, victim)
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
  } else if (error instanceof FaultRefused) {
    replyText(response, 409, error.message)
  } else if (!response.destroyed) {
    log.error({ error: String(error) }, 'a fault could not begin')
    replyText(response, 500, 'The fault could not begin; the log of zoogate dev says why.')
  }
}
