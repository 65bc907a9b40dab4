import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildProcesses } from '../tools/gateway/built-processes.js'
import { waitUntil } from '../tools/wait-until.js'
import type { AttackersReport, AttackersSettings } from './attackers-process.js'
import type { HonestReport, HonestSettings } from './honest-pages.js'
import type { HonestWord } from './honest-process.js'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Beside the module folder, so that the built files find the packages. */
const BUILDS = source('../../node_modules/.cache')

/** For thousands of sessions to be opened. */
const OPENING_DEADLINE_MS = 120_000
const WORD_DEADLINE_MS = 30_000

/** The processes of a siege, made of the TypeScript sources. */
export class SiegeProcesses {
  readonly #folder: string
  readonly #processes: Process[] = []

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async build(): Promise<SiegeProcesses> {
    mkdirSync(BUILDS, { recursive: true })
    const folder = mkdtempSync(join(BUILDS, 'zoogate-siege-'))
    await buildProcesses(folder, [source('honest-process.ts'), source('attackers-process.ts')])
    return new SiegeProcesses(folder)
  }

  /** Resolves when all pages have their sessions. */
  async honest(settings: HonestSettings): Promise<Honest> {
    const process = this.#start<HonestWord>('honest-process.mjs', settings)
    const ready = (word: HonestWord) => (word.kind === 'ready' ? word.sessionIds : null)
    return new Honest(process, await process.word(ready, OPENING_DEADLINE_MS))
  }

  attackers(settings: AttackersSettings): Attackers {
    return new Attackers(this.#start<AttackersReport>('attackers-process.mjs', settings))
  }

  end(): void {
    for (const process of this.#processes) process.kill()
    rmSync(this.#folder, { recursive: true })
  }

  #start<Word>(script: string, settings: object): Process<Word> {
    const process = new Process<Word>(join(this.#folder, script), settings)
    this.#processes.push(process)
    return process
  }
}

/** The honest pages, from outside. */
export class Honest {
  readonly #process: Process<HonestWord>
  /** By the index of the page. */
  readonly sessionIds: readonly string[]

  constructor(process: Process<HonestWord>, sessionIds: readonly string[]) {
    this.#process = process
    this.sessionIds = sessionIds
  }

  /** The report since the last one. */
  report(): Promise<HonestReport> {
    this.#process.say('report')
    return this.#process.word((word) => (word.kind === 'report' ? word.report : null))
  }
}

export class Attackers {
  readonly #process: Process<AttackersReport>

  constructor(process: Process<AttackersReport>) {
    this.#process = process
  }

  /** Lets them finish their changes. */
  stop(): Promise<AttackersReport> {
    this.#process.say('stop')
    return this.#process.word((report) => report)
  }
}

class Process<Word = unknown> {
  readonly #child: ChildProcess
  #words: Word[] = []
  #stderr = ''

  constructor(script: string, settings: object) {
    this.#child = fork(script, { silent: true, execArgv: ['--enable-source-maps'] })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4000)
    })
    this.#child.on('message', (word) => this.#words.push(word as Word))
    this.#child.send(settings)
  }

  say(word: string): void {
    this.#child.send(word)
  }

  /** The next word that fits; earlier words are dropped. */
  word<T>(read: (word: Word) => T | null, timeoutMs = WORD_DEADLINE_MS) {
    return waitUntil(
      'the process has said its word',
      () => {
        const at = this.#words.findIndex((word) => read(word) !== null)
        if (at !== -1) return read(this.#words.splice(0, at + 1)[at] as Word)
        const { exitCode, signalCode } = this.#child
        if (exitCode !== null || signalCode !== null) {
          throw new Error(`the process ended with ${exitCode ?? signalCode}: ${this.#stderr}`)
        }
        return null
      },
      { timeoutMs },
    )
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}
