import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildProcesses } from '../tools/gateway/built-processes.js'
import { waitUntil } from '../tools/wait-until.js'
import type { ViewersSettings } from './viewer.js'

/** The arrival of a change at the last viewer. */
export interface Told {
  /** `now()` */
  at: number
  /** Of all notices to all viewers, for this change and others. */
  notices: number
}

export type ViewersReport = { kind: 'ready' } | ({ kind: 'told'; change: number } & Told)

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** For thousands of connections to be opened, or closed. */
const CONNECTIONS_DEADLINE_MS = 60_000
/** From the last change until the last viewer knows it, where the viewers cannot keep up. */
const CATCH_UP_DEADLINE_MS = 60_000

/** @returns the scripts by their names */
export async function buildViewers(folder: string): Promise<Record<'viewers' | 'socketIo', string>> {
  await buildProcesses(folder, [source('viewers-process.ts'), source('socket-io-process.ts')])
  return { viewers: join(folder, 'viewers-process.mjs'), socketIo: join(folder, 'socket-io-process.mjs') }
}

/** A process full of viewers. */
export class Viewers {
  readonly #process: ChildProcess
  readonly #told = new Map<number, Told>()
  #isReady = false
  #stderr = ''

  constructor(script: string, settings: ViewersSettings) {
    this.#process = fork(script, { silent: true, execArgv: ['--enable-source-maps'] })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4000)
    })
    this.#process.on('message', (report: ViewersReport) => {
      if (report.kind === 'ready') this.#isReady = true
      else this.#told.set(report.change, report)
    })
    this.#process.send(settings)
  }

  get pid(): number {
    return this.#process.pid as number
  }

  async ready(): Promise<void> {
    await this.#until('all viewers see the room', () => this.#isReady, CONNECTIONS_DEADLINE_MS)
  }

  told(change: number): Promise<Told> {
    const what = `all viewers have been told of change ${change}`
    return this.#until(what, () => this.#told.get(change), CATCH_UP_DEADLINE_MS)
  }

  /** Lets the viewers leave. */
  async stop(): Promise<void> {
    const deadline = setTimeout(() => this.kill(), CONNECTIONS_DEADLINE_MS)
    const exited = once(this.#process, 'exit')
    this.#process.send('stop')
    await exited
    clearTimeout(deadline)
    this.#assertWell()
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  #until<T>(what: string, probe: () => T, timeoutMs: number) {
    return waitUntil(
      what,
      () => {
        this.#assertWell()
        return probe()
      },
      { timeoutMs },
    )
  }

  #assertWell(): void {
    const { exitCode, signalCode } = this.#process
    if ((exitCode ?? 0) !== 0 || signalCode !== null) {
      throw new Error(`the viewers' process ended with ${exitCode ?? signalCode}: ${this.#stderr}`)
    }
  }
}
