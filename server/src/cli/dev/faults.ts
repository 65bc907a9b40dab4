import { z } from 'zod'
import type { Log } from '../../telemetry/log.js'
import {
  type Breakable,
  FAULT_NAMES,
  FAULTS,
  type Fault,
  type FaultName,
  FaultRefused,
  type Mend,
  type Victim,
} from './fault-catalogue.js'
import { handlePosted, type RequestHandler, replyJson, replyText } from './requests.js'

/** What the board shows of a fault. */
export interface FaultOffer {
  name: FaultName
  title: string
  watchFor: string
  /** Milliseconds until the fault ends by itself; 0 for a fault at a point in time. */
  lastsMs: number
}

/** The faults under way, each with its end. */
export class Faults {
  readonly #breakable: Breakable
  readonly #log: Pick<Log, 'error'>
  /** By sufferer. The timer is null while the fault begins or ends. */
  readonly #underWay = new Map<string, NodeJS.Timeout | null>()

  constructor(breakable: Breakable, log: Pick<Log, 'error'>) {
    this.#breakable = breakable
    this.#log = log
  }

  offers(): FaultOffer[] {
    return FAULT_NAMES.map((name) => {
      const { title, watchFor, lastsMs } = FAULTS[name]
      return { name, title, watchFor, lastsMs }
    })
  }

  /** @throws FaultRefused */
  async cause(name: FaultName, victim: Victim): Promise<void> {
    const fault: Fault = FAULTS[name]
    if (!this.#breakable.ensemble.sessions().includes(victim.session))
      throw new FaultRefused(`the ensemble holds no session ${victim.session}; it has ended`)
    const sufferer = fault.suffers === 'servers' ? 'servers' : `${name} ${victim.session}`
    if (this.#underWay.has(sufferer))
      throw new FaultRefused(`“${fault.title}” has to wait until the last such fault is over`)
    this.#underWay.set(sufferer, null)
    try {
      const mend = await fault.begin(this.#breakable, victim)
      // Closed meanwhile, when the entry is gone.
      if (!this.#underWay.delete(sufferer) || fault.lastsMs === 0) return
      const end = () => void this.#end(sufferer, name, mend)
      this.#underWay.set(sufferer, setTimeout(end, fault.lastsMs).unref())
    } catch (error) {
      this.#underWay.delete(sufferer)
      throw error
    }
  }

  /** Ends no fault: the ensemble ends too. */
  close(): void {
    for (const timer of this.#underWay.values()) if (timer !== null) clearTimeout(timer)
    this.#underWay.clear()
  }

  async #end(sufferer: string, fault: FaultName, mend: Mend): Promise<void> {
    this.#underWay.set(sufferer, null)
    try {
      await mend()
    } catch (error) {
      const { message } = error as Error
      this.#log.error({ fault, error: message }, 'a fault did not end; stop zoogate dev and start it again')
    }
    this.#underWay.delete(sufferer)
  }
}

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
