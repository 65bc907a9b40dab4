import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Limits } from 'zoogate'
import { waitUntil } from '../wait-until.js'
import { RESUME_KEY, SECRET } from './gateway-fixture.js'

const MAIN = fileURLToPath(new URL('../../../server/dist/main.js', import.meta.url))
const WITH_LIMITS = fileURLToPath(new URL('gateway-with-limits.mjs', import.meta.url))

/** Linux counts the CPU time of every program in these ticks. */
const CLOCK_TICKS_A_SECOND = 100

/** One run of the `zoogate` command, as built, or of another program. */
export class Run {
  stdout = ''
  stderr = ''
  readonly process: ChildProcess

  constructor(args: string[], env: Record<string, string> = {}, program = MAIN) {
    // Without the settings of this process.
    const { PATH = '', HOME = '' } = process.env
    this.process = spawn(process.execPath, [program, ...args], { env: { PATH, HOME, ...env } })
    this.process.stdout?.on('data', (data) => {
      this.stdout += data
    })
    this.process.stderr?.on('data', (data) => {
      this.stderr += data
    })
  }

  async exit(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit')
    return this.process.exitCode
  }

  /** The address that it printed, `http://host:port`. */
  listening(): Promise<string> {
    return waitUntil(
      'it listens',
      () => {
        if (this.process.exitCode !== null) throw new Error(`it ended: ${this.stderr}`)
        return /^zoogate listening on (http:\S+)$/m.exec(this.stdout)?.[1]
      },
      { timeoutMs: 30_000 },
    )
  }

  /** Resident memory, in bytes. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
  }

  /** Milliseconds of CPU that it has used, in user mode and in the kernel. */
  cpuMs(): number {
    const fields = readFileSync(`/proc/${this.process.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / CLOCK_TICKS_A_SECOND
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.exit()
  }
}

const runs: Run[] = []

export function run(args: string[], env?: Record<string, string>, program?: string): Run {
  const started = new Run(args, env, program)
  runs.push(started)
  return started
}

/** For `afterEach` or `afterAll`. */
export async function endRuns(): Promise<void> {
  await Promise.all(runs.splice(0).map((started) => started.kill()))
}

/**
 * `zoogate serve` with the tests' secret and resume key, everything allowed, on any port unless one is given.
 * @param limits limits that are no settings; with them it is the same gateway, but not the command
 */
export function serveProcess(
  zookeeper: string,
  env: Record<string, string> = {},
  limits?: Partial<Limits>,
): Run {
  const settings = {
    ZOOGATE_ZOOKEEPER: zookeeper,
    ZOOGATE_PORT: '0',
    ZOOGATE_JWT_SECRET: SECRET,
    ZOOGATE_RESUME_KEYS: RESUME_KEY,
    ZOOGATE_ACCESS: 'open',
    ...env,
  }
  return limits ? run([JSON.stringify(limits)], settings, WITH_LIMITS) : run(['serve'], settings)
}

/** For thousands of pages that come from one address at once, as no honest ones do outside of tests. */
export const CROWD_FROM_ONE_ADDRESS = {
  // Twenty times as many at once.
  ZOOGATE_MAX_CONNECTS_PER_SECOND: '750',
  ZOOGATE_MAX_UNAUTHENTICATED_PER_ADDRESS: '15000',
  ZOOGATE_MAX_UNAUTHENTICATED: '15000',
  ZOOGATE_MAX_CONNECTIONS: '15000',
}

export function webSocketOf(http: string): string {
  return `${http.replace('http', 'ws')}/zoogate`
}
