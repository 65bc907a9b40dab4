// The process that all attackers live in.
import { once } from 'node:events'
import { constants, setPriority } from 'node:os'
import { token } from '../tools/gateway/gateway-fixture.js'
import { seededRandom } from '../tools/seeded-random.js'
import type { Attacker } from './attack.js'
import { DOOR_ATTACKS } from './attacks-on-the-door.js'
import { TOKEN_ATTACKS } from './attacks-with-a-token.js'

export interface AttackersSettings {
  http: string
  url: string
  seed: number
}

/** Rounds of each attack, and the rules that the gateway broke in them. */
export interface AttackersReport {
  rounds: Record<string, number>
  failures: string[]
}

/** Enough to fill all slots for connections without a hello, if the gateway let them. */
const ADDRESSES = 10
/** Between two rounds of one attack. */
const PAUSE_MS = 300
const MOST_FAILURES = 20

const RULES = [{ path: '/attack/**', allow: ['read', 'create', 'write', 'delete', 'acl'] }]

// Without its parent the siege is over.
process.once('disconnect', () => process.exit(1))
// Real attackers have machines of their own: these get the CPU that the gateway and its honest pages leave.
setPriority(constants.priority.PRIORITY_LOW)
const [settings] = (await once(process, 'message')) as [AttackersSettings]
const { http, url } = settings
const random = seededRandom(settings.seed)
const report: AttackersReport = { rounds: {}, failures: [] }
const stop = new AbortController()
process.once('message', () => stop.abort())

const hold = async (ms: number) => {
  const until = performance.now() + ms
  while (!stop.signal.aborted && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(200, until - performance.now())))
  }
}

const attacks = Object.entries({ ...DOOR_ATTACKS, ...TOKEN_ATTACKS })
await Promise.all(
  attacks.map(async ([name, attack]) => {
    await hold(random() * 1_000)
    while (!stop.signal.aborted) {
      const from = `127.0.9.${1 + Math.floor(random() * ADDRESSES)}`
      const attacker: Attacker = {
        http,
        url,
        from,
        random,
        hold,
        token: (sub) => token(sub, { zk: { rules: RULES } }),
      }
      try {
        await attack(attacker)
        report.rounds[name] = (report.rounds[name] ?? 0) + 1
      } catch (error) {
        // Past the rate of its address an attacker does not even get in.
        const text = error instanceof Error ? error.message : String(error)
        if (
          !/ 429| 503|ECONNRESET|EPIPE|socket hang up/.test(text) &&
          report.failures.length < MOST_FAILURES
        ) {
          report.failures.push(`${name}: ${text}`)
        }
      }
      await hold(PAUSE_MS)
    }
  }),
)
process.send?.(report, () => process.exit(0))
