import { z } from 'zod'
import type { Log } from '../../telemetry/log.js'
import type { RequestHandler } from './board.js'
import { FAULT_NAMES } from './fault.js'
import type { Faults } from './faults.js'
import { handlePosted } from './posted.js'
import { replyJson, replyText } from './reply.js'

const requestSchema = z.strictObject({
  fault: z.enum(FAULT_NAMES),
  session: z.string().regex(/^0x[0-9a-f]{1,16}$/, 'a session id is 0x and up to 16 lower-case digits'),
  tab: z.string().regex(/^[0-9a-f]{1,64}$/, 'a tab is named by up to 64 lower-case hexadecimal digits'),
})

/**
 * `GET` → `{ faults: [{ name, title, watchFor, lastsMs }] }`. `POST { fault, session, tab }` → 204 when the fault has
 * begun, 409 when it cannot happen now, another 4xx with a sentence for a request that is not the board's.
 */
export function faultHandler(faults: Pick<Faults, 'offers' | 'cause'>, log: Log): RequestHandler {
  return (request, response) => {
    if (request.method === 'GET') replyJson(response, { faults: faults.offers() })
    else if (request.method === 'POST')
      handlePosted(
        request,
        response,
        requestSchema,
        ({ fault, ...victim }) => faults.cause(fault, victim),
        log,
      )
    else replyText(response.setHeader('allow', 'GET, POST'), 405, 'GET lists the faults, POST causes one.')
  }
}
