import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fourLetterWord } from '../../../server/src/cli/doctor/four-letter-word.js'
import type { InstalledZooKeeper } from './find-zookeeper.js'

/** Two busy cores need up to 10 s to bring up three servers. */
const START_DEADLINE_MS = 45_000
const POLL_INTERVAL_MS = 50
const LOG_TAIL_LINES = 25

export interface ServerLaunch extends InstalledZooKeeper {
  /** The client port. */
  port: number
  configFile: string
  /** Gets what the server prints. */
  logFile: string
  jvmHeapMb: number
  /** Called whenever a process has started or ended. */
  onPidChange: () => void
}

/** A server ended before it served, most often because one of its ports was taken meanwhile. */
export class ServerEndedError extends Error {
  override readonly name = 'ServerEndedError'
}

/** One real ZooKeeper server on loopback, which can be killed and started again on its data. */
export class ZooKeeperProcess {
  readonly port: number
  readonly #launch: ServerLaunch
  #child: ChildProcess | null = null
  #exited: Promise<void> = Promise.resolve()

  constructor(launch: ServerLaunch) {
    this.port = launch.port
    this.#launch = launch
  }

  /** The process, or null while it is stopped. */
  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  /** Whether there is no process now. One that was sent SIGSTOP is not stopped in this sense. */
  get stopped(): boolean {
    return this.#child === null
  }

  /**
   * Starts the server and waits until it serves. A member of an ensemble serves only while a majority is up:
   * where several are down, start them together.
   *
   * @throws ServerEndedError, or an Error after 45 s; both with the end of the server's log.
   */
  async start(): Promise<void> {
    if (this.#child !== null) throw new Error(`ZooKeeper server on port ${this.port} is running already`)
    const child = this.#spawn()
    const deadline = performance.now() + START_DEADLINE_MS
    while (!(await this.#isServing())) {
      if (this.#child !== child) {
        throw new ServerEndedError(
          `ZooKeeper server on port ${this.port} ended at start:\n${this.#logTail()}`,
        )
      }
      if (performance.now() > deadline) {
        throw new Error(
          `ZooKeeper server on port ${this.port} does not serve after ${START_DEADLINE_MS} ms; ` +
            `its log ends:\n${this.#logTail()}`,
        )
      }
      await delay(POLL_INTERVAL_MS)
    }
  }

  /**
   * Sends a signal. Resolves once the process has ended, or at once for SIGSTOP and SIGCONT; does nothing
   * where there is none.
   */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child?.kill(signal)
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await this.#exited
  }

  #spawn(): ChildProcess {
    const { java, classPath, jvmHeapMb, configFile, logFile, onPidChange } = this.#launch
    const log = openSync(logFile, 'a')
    const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain'
    const child = spawn(java, [`-Xmx${jvmHeapMb}m`, '-XX:+UseSerialGC', '-cp', classPath, main, configFile], {
      // A process group of its own: Ctrl-C lets the parent close its sessions first.
      detached: true,
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    this.#child = child
    this.#exited = new Promise((resolve) => {
      const ended = () => {
        this.#child = null
        onPidChange()
        resolve()
      }
      child.once('exit', ended)
      child.once('error', ended)
    })
    onPidChange()
    return child
  }

  /** A member without a quorum answers too, but names no mode. */
  async #isServing(): Promise<boolean> {
    return fourLetterWord(this.port, 'srvr').then(
      (answer) => /^Mode: (leader|follower|standalone)$/m.test(answer),
      () => false,
    )
  }

  #logTail(): string {
    return readFileSync(this.#launch.logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n')
  }
}
