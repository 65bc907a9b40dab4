import { z } from 'zod'
import type { Log } from '../../telemetry/log.js'
import type { RequestHandler } from './board.js'
import { handlePosted } from './posted.js'
import { replyJson, replyText } from './reply.js'
import { DEEDS, type Simulation } from './simulation.js'

const requestSchema = z.strictObject({ deed: z.enum(DEEDS), instance: z.string().max(100) })

/**
 * `GET` → `{ zookeeper, instances: [{ name, running }] }`: the connect string for backends of one's own, and those that
 * are played, if any. `POST { deed, instance }` → 204 when it is done, 409 when it cannot be done, another 4xx with a
 * sentence for a request that is not the board's.
 */
export function simulationHandler(
  zookeeper: string,
  simulation: Pick<Simulation, 'instances' | 'perform'> | null,
  log: Log,
): RequestHandler {
  return (request, response) => {
    if (request.method === 'GET') replyJson(response, { zookeeper, instances: simulation?.instances() ?? [] })
    else if (request.method === 'POST' && simulation)
      handlePosted(
        request,
        response,
        requestSchema,
        ({ deed, instance }) => simulation.perform(deed, instance),
        log,
      )
    else replyText(response.setHeader('allow', simulation ? 'GET, POST' : 'GET'), 405, 'GET lists them.')
  }
}
