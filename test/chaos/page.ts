import WebSocket from 'ws'
import { type Client, type CreateMode, createClient, type Stat, ZoogateError } from 'zoogate-client'
import { type CallName, type CallRow, now, type Recorder } from './record.js'

export interface PageOptions {
  name: string
  url: string
  token: string
  sessionTimeoutMs: number
  record: Recorder
}

export type Answer<T> =
  | { ok: true; value: T }
  | { ok: false; code: string; outcome: 'not_executed' | 'unknown' }

type Details = Partial<CallRow>

/** Longer silences than this are recorded: far below the third of a timeout after which a gateway asks. */
const SILENCE_MS = 250
/** Above the longest fault, so that a call's end is the gateway's word and not the page's impatience. */
const REQUEST_TIMEOUT_MS = 20_000

/** One SDK client that records all that it does and hears. */
export class Page {
  readonly name: string
  readonly client: Client
  readonly #record: Recorder
  #epoch = 0
  #issued = 0
  #arrived = 0
  #names = 0
  #lastSentAt = now()

  constructor({ name, url, token, sessionTimeoutMs, record }: PageOptions) {
    this.name = name
    this.#record = record
    const sent = () => this.#sent()
    class RecordedSocket extends WebSocket {
      override send(data: string): void {
        sent()
        super.send(data)
      }
    }
    this.client = createClient({
      url,
      getToken: () => token,
      sessionTimeoutMs,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      WebSocket: RecordedSocket,
    })
    this.client.on('state', ({ state, reason }) => {
      record.add({ kind: 'state', page: name, epoch: this.#epoch, at: now(), state, reason })
      // From here on calls belong to the next session, if there is one.
      if (state === 'CLOSED') this.#epoch += 1
    })
    this.client.on('session', ({ session: { id, timeoutMs } }) =>
      record.add({ kind: 'session', page: name, epoch: this.#epoch, at: now(), id, timeoutMs }),
    )
  }

  /** Counts the page's sessions: a call that is made now belongs to this one. */
  get epoch(): number {
    return this.#epoch
  }

  /** A value, and a name, that no page uses twice. */
  unique(): string {
    return `${this.name}.${this.#names++}`
  }

  async close(): Promise<void> {
    await this.client.close()
    const { name: page } = this
    this.#record.add({ kind: 'silence', page, from: this.#lastSentAt, to: Number.MAX_SAFE_INTEGER })
  }

  create(path: string, value: string, mode: CreateMode = 'persistent') {
    return this.#call('create', path, { value }, this.client.create(path, value, { mode }), (created) => ({
      made: created.path,
      ...numbers(created.stat),
    }))
  }

  setData(path: string, value: string, expected?: number) {
    const asked = { value, ...(expected !== undefined && { expected }) }
    const version = expected === undefined ? {} : { version: expected }
    return this.#call('setData', path, asked, this.client.setData(path, value, version), numbers)
  }

  delete(path: string) {
    return this.#call('delete', path, {}, this.client.delete(path), () => ({}))
  }

  /** @param fired makes it a watch; called with each event that comes of it. */
  exists(path: string, fired?: () => void) {
    const { watch, options } = this.#watching(fired)
    return this.#call('exists', path, watch, this.client.exists(path, options), (stat) => ({
      found: stat !== null,
      ...(stat && numbers(stat)),
    }))
  }

  /** What this session's server holds, which may be older than what another session has seen. */
  getData(path: string, fired?: () => void) {
    return this.#getData(path, () => ({}), fired)
  }

  getChildren(path: string) {
    return this.#call('getChildren', path, {}, this.client.getChildren(path), () => ({}))
  }

  /**
   * Reads no less than what had been committed when it was called: the write ahead of it is committed by a quorum,
   * and a session's requests run in order. ZooKeeper's sync would cost less, but it asks the leader alone, and one that
   * was stopped and has been deposed meanwhile answers it from the past.
   */
  freshGetData(path: string) {
    const start = now()
    const barrier = this.#barrier()
    return this.#getData(path, () => (barrier.isCommitted() ? { freshSince: start } : {}))
  }

  /** As `freshGetData`. */
  async freshGetChildren(path: string) {
    const barrier = this.#barrier()
    const listed = await this.getChildren(path)
    return barrier.isCommitted() ? listed : UNREACHED
  }

  #barrier(): { isCommitted(): boolean } {
    let committed = false
    const path = `/chaos/scratch/${this.name}`
    const value = this.unique()
    // In the recorder's callback, which runs before that of the read even if both answers come in one frame.
    this.#call('setData', path, { value }, this.client.setData(path, value), (stat) => {
      committed = true
      return numbers(stat)
    })
    return { isCommitted: () => committed }
  }

  #getData(path: string, more: () => Details, fired?: () => void) {
    const { watch, options } = this.#watching(fired)
    return this.#call('getData', path, watch, this.client.getData(path, options), (content) => ({
      value: content.text(),
      ...numbers(content.stat),
      ...more(),
    }))
  }

  #watching(fired?: () => void) {
    if (!fired) return { watch: {}, options: {} }
    const { epoch } = this
    const watch = this.unique()
    const watcher = ({ type, path }: { type: string; path: string }) => {
      const arrived = this.#arrived++
      this.#record.add({ kind: 'event', page: this.name, epoch, arrived, at: now(), type, path, watch })
      fired()
    }
    return { watch: { watch }, options: { watch: watcher } }
  }

  /** `running` has been issued just now; what it comes to is recorded in the order in which it arrives. */
  #call<T>(
    op: CallName,
    path: string,
    asked: Details,
    running: Promise<T>,
    found: (value: T) => Details,
  ): Promise<Answer<T>> {
    const issue = { page: this.name, epoch: this.#epoch, issued: this.#issued++, op, path, start: now() }
    const ended = (end: Pick<CallRow, 'outcome'> & Details) =>
      this.#record.add({ kind: 'call', ...issue, arrived: this.#arrived++, end: now(), ...asked, ...end })
    return running.then(
      (value): Answer<T> => {
        ended({ outcome: 'ok', ...found(value) })
        return { ok: true, value }
      },
      (error: unknown): Answer<T> => {
        if (!(error instanceof ZoogateError)) throw error
        const { code, outcome } = error
        ended({ outcome, code })
        return { ok: false, code, outcome }
      },
    )
  }

  #sent(): void {
    const from = this.#lastSentAt
    this.#lastSentAt = now()
    if (this.#lastSentAt - from < SILENCE_MS) return
    this.#record.add({ kind: 'silence', page: this.name, from, to: this.#lastSentAt })
  }
}

const UNREACHED = { ok: false, code: 'CONNECTION_LOSS', outcome: 'not_executed' } as const

function numbers({ czxid, mzxid, version }: Stat): Details {
  return { czxid: Number(czxid), mzxid: Number(mzxid), version }
}
