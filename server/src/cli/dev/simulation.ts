import { z } from 'zod'
import type { Log } from '../../telemetry/log.js'
import { ServerList } from '../../zookeeper/index.js'
import { handlePosted, Refused, type RequestHandler, replyJson, replyText } from './requests.js'
import { SimulatedProcess, type SimulatedRole } from './simulated-process.js'

/** With three services one can lose its leader while another goes on. */
const CAST: readonly SimulatedRole[] = [
  { service: 'checkout', name: 'checkout-1', port: 9001, version: '4.2.0', usualLoad: 0.45 },
  { service: 'checkout', name: 'checkout-2', port: 9002, version: '4.2.0', usualLoad: 0.4 },
  { service: 'checkout', name: 'checkout-3', port: 9003, version: '4.3.0-rc1', usualLoad: 0.8 },
  { service: 'search', name: 'search-1', port: 9101, version: '1.19.4', usualLoad: 0.6 },
  { service: 'search', name: 'search-2', port: 9102, version: '1.19.4', usualLoad: 0.55 },
  { service: 'mail', name: 'mail-1', port: 9201, version: '0.9.7', usualLoad: 0.15 },
]

export const DEEDS = ['start', 'stop', 'kill'] as const
export type Deed = (typeof DEEDS)[number]

export interface SimulatedInstance {
  /** `<service>/<instance>` */
  name: string
  running: boolean
}

/** Simulated backends of `zoogate dev`: the service board shows something at once. */
export class Simulation {
  readonly #servers: ServerList
  readonly #running = new Map<string, SimulatedProcess>()

  /** Starts all backends. */
  constructor(connectString: string) {
    this.#servers = ServerList.parse(connectString).servers
    for (const role of CAST) this.#start(role)
  }

  instances(): SimulatedInstance[] {
    return CAST.map((role) => ({ name: nameOf(role), running: this.#running.has(nameOf(role)) }))
  }

  /** @throws Refused when there is no such instance, or when it already runs or is already stopped */
  async perform(deed: Deed, name: string): Promise<void> {
    const role = CAST.find((each) => nameOf(each) === name)
    if (role === undefined) throw new Refused(`There is no simulated ${name}.`)
    const process = this.#running.get(name)
    if (deed === 'start') {
      if (process) throw new Refused(`${name} is running already.`)
      this.#start(role)
      return
    }
    if (!process) throw new Refused(`${name} is not running: start it first.`)
    this.#running.delete(name)
    if (deed === 'stop') await process.stop()
    else process.kill()
  }

  /** Closes no session: the ensemble ends too. */
  close(): void {
    for (const process of this.#running.values()) process.kill()
    this.#running.clear()
  }

  #start(role: SimulatedRole): void {
    this.#running.set(nameOf(role), new SimulatedProcess(this.#servers, role))
  }
}

function nameOf({ service, name }: SimulatedRole): string {
  return `${service}/${name}`
}

const requestSchema = z.strictObject({ deed: z.enum(DEEDS), instance: z.string().max(100) })

/**
 * `GET` → `{ zookeeper, instances: [{ name, running }] }`: the connect string for your own backends, and the simulated
 * ones. `POST { deed, instance }` → 204 when it is done, 409 when it cannot be done, another 4xx with a sentence for a
 * request that is not the board's.
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
    else
      replyText(
        response.setHeader('allow', simulation ? 'GET, POST' : 'GET'),
        405,
        'GET lists the simulated backends.',
      )
  }
}
