import { pino } from 'pino'

/** The part of pino that the gateway uses. Any logger of this shape will do. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** JSON lines on standard error: standard output only carries the line with the address. */
export function createLog(level: LogLevel): Log {
  return pino({ level, base: null }, pino.destination({ fd: 2, sync: true }))
}

/** A fault that thousands of sessions meet at once is one line in the log, and one more in each minute that it lasts. */
const REPEAT_AFTER_MS = 60_000

/** Warns the operator at most once a minute for each kind of fault. */
export class Warnings {
  readonly #log: Log
  readonly #now: () => number
  /** By kind, the time of the last line and the reports since. */
  readonly #lines = new Map<string, { at: number; since: number }>()

  constructor(log: Log, now: () => number = Date.now) {
    this.#log = log
    this.#now = now
  }

  /** @param kind names the fault; its reports between two lines are counted in the second */
  report(kind: string, message: string): void {
    const last = this.#lines.get(kind)
    if (last && this.#now() - last.at < REPEAT_AFTER_MS) {
      last.since += 1
      return
    }
    this.#log.warn({ kind, more: last?.since ?? 0 }, message)
    this.#lines.set(kind, { at: this.#now(), since: 0 })
  }
}
