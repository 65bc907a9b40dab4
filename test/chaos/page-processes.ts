import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildProcesses } from '../tools/gateway/built-processes.js'
import { stopProcess } from '../tools/process-state.js'
import type { PageProcessSettings } from './page-process.js'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** How long the pages take at most to finish their calls and close their sessions. */
const STOP_DEADLINE_MS = 40_000

export async function buildPageProcess(folder: string): Promise<string> {
  await buildProcesses(folder, [source('page-process.ts')])
  return join(folder, 'page-process.mjs')
}

/** One process full of pages. */
export class PageProcess {
  readonly #process: ChildProcess
  readonly recordFile: string
  #stderr = ''

  constructor(script: string, settings: PageProcessSettings) {
    this.recordFile = settings.recordFile
    this.#process = fork(script, [JSON.stringify(settings)], {
      silent: true,
      execArgv: ['--enable-source-maps'],
    })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4000)
    })
  }

  /** SIGSTOP. */
  freeze(): Promise<void> {
    return stopProcess(this.#process.pid as number)
  }

  /** SIGCONT. */
  thaw(): void {
    this.#process.kill('SIGCONT')
  }

  /** Lets the pages close their sessions. Rejects when the process ended by itself, or will not. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      const deadline = setTimeout(() => this.#process.kill('SIGKILL'), STOP_DEADLINE_MS)
      this.#process.send('stop')
      await once(this.#process, 'exit')
      clearTimeout(deadline)
    }
    if (this.#process.exitCode !== 0) {
      throw new Error(`a process of pages ended with ${this.#process.exitCode}: ${this.#stderr}`)
    }
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }
}
