import { connect } from 'node:net'
import type { AttachedSession, LinkListener, LinkLoss } from '../../../server/src/zookeeper/index.js'
import {
  type CallResult,
  EnsembleLink,
  errorCodeOf,
  type LinkOptions,
} from '../../../server/src/zookeeper/index.js'
import { waitUntil } from '../wait-until.js'
import { cursorOver, type FakeServer } from './fake-server.js'

/** Records every call of a link's listener and callbacks, in order: tests compare whole transcripts. */
export class Recorder implements LinkListener {
  readonly log: string[] = []
  readonly losses: LinkLoss[] = []
  readonly sessions: AttachedSession[] = []
  /** Runs inside the call that was just recorded. */
  onEntry: (entry: string) => void = ignore

  linkAttached(session: AttachedSession): void {
    this.sessions.push(session)
    this.#write(
      `attached 0x${session.id.readBigUInt64BE(0).toString(16)} ${session.timeoutMs} ${session.zxid}`,
    )
  }

  linkLost(loss: LinkLoss): void {
    this.losses.push(loss)
    this.#write(`lost ${loss.cause}`)
  }

  linkExpired(): void {
    this.#write('expired')
  }

  linkAuthFailed(): void {
    this.#write('auth failed')
  }

  linkMoved(): void {
    this.#write('moved')
  }

  linkEvent({ type, path }: { type: string; path: string }): void {
    this.#write(`${type} ${path}`)
  }

  /** A callback that records its result under this name. */
  result(name: string): (result: CallResult<unknown>) => void {
    return (result) => {
      const outcome = 'outcome' in result ? `${errorCodeOf(result.err)} ${result.outcome}` : 'ok'
      this.#write(`${name}: ${outcome}`)
    }
  }

  done(name: string): (closed: boolean) => void {
    return (closed) => this.#write(`${name}: ${closed}`)
  }

  /** Waits for an entry with this start. */
  async until(start: string, count = 1): Promise<void> {
    const found = () => this.log.filter((entry) => entry.startsWith(start)).length >= count
    const what = `"${start}" stands ${count} times in ${JSON.stringify(this.log)}`
    await waitUntil(what, found, { intervalMs: 2, timeoutMs: 8_000 })
  }

  #write(entry: string): void {
    this.log.push(entry)
    this.onEntry(entry)
  }
}

function ignore(): void {}

export interface Rig {
  link: EnsembleLink
  recorder: Recorder
}

/** A link to fake servers, and the recorder of its calls. */
export function linkTo(servers: FakeServer | { port: number }[], options: Partial<LinkOptions> = {}): Rig {
  const recorder = new Recorder()
  const link = new EnsembleLink({
    servers: cursorOver(...(Array.isArray(servers) ? servers : [servers])),
    listener: recorder,
    sessionTimeoutMs: 4000,
    ...options,
  })
  return { link, recorder }
}

/** The same, attached. */
export async function attachedTo(
  servers: FakeServer | { port: number }[],
  options?: Partial<LinkOptions>,
): Promise<Rig> {
  const rig = linkTo(servers, options)
  rig.link.attach()
  await rig.recorder.until('attached')
  return rig
}

/** Opens plain connections and records the number of frames in each write to the socket. */
export function countingDial(writes: number[]): NonNullable<LinkOptions['dial']> {
  return ({ host, port }) => {
    const socket = connect({ host, port })
    const write = socket._write.bind(socket)
    socket._write = (...args) => {
      writes.push(1)
      write(...args)
    }
    const writev = socket._writev?.bind(socket)
    socket._writev = (chunks, done) => {
      writes.push(chunks.length)
      writev?.(chunks, done)
    }
    return socket
  }
}
