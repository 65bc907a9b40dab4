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
} from './fault.js'

/** What the board shows of a fault. */
export interface FaultOffer {
  name: FaultName
  title: string
  watchFor: string
  /** Milliseconds until it ends by itself; 0 for what needs no end. */
  lastsMs: number
}

/** The faults that are going on, each with its end. */
export class Faults {
  readonly #breakable: Breakable
  readonly #log: Pick<Log, 'error'>
  /** By what suffers. The timer is null while the fault begins or ends. */
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
      // Not there any more: closed meanwhile.
      if (!this.#underWay.delete(sufferer) || fault.lastsMs === 0) return
      const end = () => void this.#end(sufferer, name, mend)
      this.#underWay.set(sufferer, setTimeout(end, fault.lastsMs).unref())
    } catch (error) {
      this.#underWay.delete(sufferer)
      throw error
    }
  }

  /** Leaves things as they are: the ensemble ends too. */
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
