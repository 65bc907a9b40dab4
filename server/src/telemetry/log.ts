import { pino } from 'pino'

/** The part of pino that the gateway uses; any logger of this shape will do. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** JSON lines on standard error, so that standard output stays with the line that tells the address. */
export function createLog(level: LogLevel): Log {
  return pino({ level, base: null }, pino.destination({ fd: 2, sync: true }))
}

/** A fault that thousands of sessions meet at once is one line for the operator, and another one while it lasts. */
const REPEAT_AFTER_MS = 60_000

/** Tells the operator what to change, once for each kind of fault and minute. */
export class Warnings {
  readonly #log: Log
  readonly #now: () => number
  readonly #told = new Map<string, { at: number; since: number }>()

  constructor(log: Log, now: () => number = Date.now) {
    this.#log = log
    this.#now = now
  }

  /** @param kind names the fault; what came of it since its last line is counted in the next */
  report(kind: string, message: string): void {
    const told = this.#told.get(kind)
    if (told && this.#now() - told.at < REPEAT_AFTER_MS) {
      told.since += 1
      return
    }
    this.#log.warn({ kind, more: told?.since ?? 0 }, message)
    this.#told.set(kind, { at: this.#now(), since: 0 })
  }
}
