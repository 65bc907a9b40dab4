import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

/** Milliseconds of a clock that never goes back and that all processes of one machine share. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000
}

export type CallName = 'create' | 'delete' | 'exists' | 'getData' | 'setData' | 'getChildren'

/** One call of one page, written when it has ended. */
export interface CallRow {
  kind: 'call'
  page: string
  /** Which of the page's sessions, counted from 0. */
  epoch: number
  /** Order of issue within the page. */
  issued: number
  /** Order of arrival within the page, in one count with its watch events. */
  arrived: number
  op: CallName
  path: string
  start: number
  end: number
  outcome: 'ok' | 'not_executed' | 'unknown'
  /** The error's; absent where the call was ok. */
  code?: string
  /** What was written, or what was read. Every written value is unique. */
  value?: string
  /** The version that a conditional write asked for. */
  expected?: number
  /** Of the node, after the call. */
  version?: number
  czxid?: number
  mzxid?: number
  /** The path that came of a sequential create. */
  made?: string
  /** For a read behind a write of the same session: when that write was issued. Such a read is as fresh as a write. */
  freshSince?: number
  /** `exists` found the node. */
  found?: boolean
  /** Names the watch that the read has set; its event carries the same name. */
  watch?: string
}

export interface EventRow {
  kind: 'event'
  page: string
  epoch: number
  arrived: number
  at: number
  type: string
  path: string
  watch: string
}

export interface StateRow {
  kind: 'state'
  page: string
  epoch: number
  at: number
  state: string
  reason: string | null
}

export interface SessionRow {
  kind: 'session'
  page: string
  epoch: number
  at: number
  id: string
  timeoutMs: number
}

/** Nothing was sent by the page between the two times. */
export interface SilenceRow {
  kind: 'silence'
  page: string
  from: number
  to: number
}

/** The page took itself for the holder of a lock between the two times. */
export interface HoldRow {
  kind: 'hold'
  page: string
  epoch: number
  lock: string
  /** The number of the page's node in the lock's queue. */
  fence: number
  from: number
  to: number
}

/** A recipe has told the page that it holds a lock: at both times, and at each question in between. */
export interface TenureRow {
  kind: 'tenure'
  page: string
  epoch: number
  lock: string
  /** The fencing token. */
  token: number
  from: number
  to: number
}

/** The pages that a fault concerns: all, the pages of one process, or the pages that happen to use one gateway. */
export type FaultScope = 'ensemble' | 'gateway' | { process: number }

/** Written when the fault was healed. */
export interface FaultRow {
  kind: 'fault'
  name: string
  scope: FaultScope
  from: number
  to: number
}

export type Row = CallRow | EventRow | StateRow | SessionRow | SilenceRow | HoldRow | TenureRow | FaultRow

/** Appends rows to a file. Synchronous: what a process recorded is on disk however it ends. */
export class Recorder {
  readonly #file: number
  #lines: string[] = []

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  add(row: Row): void {
    // One write a tick: dozens of replies arrive together.
    if (this.#lines.push(JSON.stringify(row)) === 1) queueMicrotask(() => this.#flush())
  }

  close(): void {
    this.#flush()
    closeSync(this.#file)
  }

  #flush(): void {
    if (this.#lines.length > 0) writeSync(this.#file, `${this.#lines.join('\n')}\n`)
    this.#lines = []
  }
}

export function readRecord(path: string): Row[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row)
}

/** When a row was over. */
export function timeOf(row: Row): number {
  if (row.kind === 'call') return row.end
  return 'at' in row ? row.at : row.to
}
