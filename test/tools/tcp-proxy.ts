import { connect, createServer, type Server, type Socket } from 'node:net'
import { freePorts } from './zookeeper/free-ports.js'

/** `up` is from the client to the target. */
export type Direction = 'up' | 'down'

/** A TCP proxy on loopback that can break in the ways in which networks break. */
export interface TcpProxy {
  /** Where clients connect; the same for the proxy's whole life. */
  readonly port: number
  /** Clients connected now. */
  readonly connections: number
  /** Clients connected since the start. */
  readonly accepted: number
  /** Bytes passed on since the start. */
  readonly bytes: Readonly<Record<Direction, number>>
  /**
   * Ends all connections and refuses new ones until `restore()`.
   * @param options.reset sends RST instead of FIN, as after a crash. @default false
   */
  cut(options?: { reset?: boolean }): Promise<void>
  /** Ends all connections; new ones are welcome. */
  drop(options?: { reset?: boolean }): void
  /**
   * Passes nothing on, neither bytes nor ends, and keeps all connections open; new ones are accepted and hear
   * nothing. As with a broken network path, what was sent meanwhile arrives after `restore()`.
   * @param options.direction @default both
   */
  stall(options?: { direction?: Direction }): void
  /** Ends `cut` and `stall`. */
  restore(): Promise<void>
  /** New connections go to this port; old ones stay where they are. */
  retarget(port: number): void
  close(): Promise<void>
}

/** @param target port on 127.0.0.1 that the connections are passed to. */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>()
  const bytes = { up: 0, down: 0 }
  const stalled = new Set<Direction>()
  let accepted = 0

  const accept = (client: Socket) => {
    accepted++
    const pair = new Pair(client, target, {
      isStalled: (direction) => stalled.has(direction),
      passed: (direction, count) => {
        bytes[direction] += count
      },
      ended: () => pairs.delete(pair),
    })
    pairs.add(pair)
  }
  const listener = createServer({ allowHalfOpen: true }, accept)
  // Below the ports of outgoing connections: an outgoing connection could take it while the proxy is cut.
  const [port] = (await freePorts(1)) as [number]
  await listen(listener, port)

  const drop = ({ reset = false } = {}) => {
    for (const pair of pairs) pair.destroy(reset)
  }
  const cut = async (options?: { reset?: boolean }) => {
    const closed = listener.listening ? closing(listener) : undefined
    drop(options)
    await closed
  }
  return {
    port,
    get connections() {
      return pairs.size
    },
    get accepted() {
      return accepted
    },
    bytes,
    cut,
    drop,
    stall: ({ direction } = {}) => {
      for (const one of direction === undefined ? (['up', 'down'] as const) : [direction]) stalled.add(one)
      for (const pair of pairs) pair.update()
    },
    restore: async () => {
      stalled.clear()
      for (const pair of pairs) pair.update()
      if (!listener.listening) await listen(listener, port)
    },
    retarget: (next) => {
      target = next
    },
    close: () => cut(),
  }
}

interface PairOwner {
  isStalled(direction: Direction): boolean
  passed(direction: Direction, bytes: number): void
  ended(): void
}

/** One client's connection and the one to the target that it is joined to. */
class Pair {
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #owner: PairOwner

  constructor(client: Socket, port: number, owner: PairOwner) {
    this.#client = client
    this.#upstream = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    this.#owner = owner
    this.#join(this.#client, this.#upstream, 'up')
    this.#join(this.#upstream, this.#client, 'down')
    this.update()
  }

  #join(source: Socket, sink: Socket, direction: Direction): void {
    source.setNoDelay(true)
    source.on('data', (chunk: Buffer) => {
      this.#owner.passed(direction, chunk.length)
      sink.write(chunk)
      this.update()
    })
    sink.on('drain', () => this.update())
    source.on('end', () => this.update())
    source.on('close', () => this.update())
    // Without a listener an error would end the process; 'close' follows and finds it in `errored`.
    source.on('error', () => this.update())
  }

  /** Reads from a side only while the other can take it, and passes on its end, in order or by an error. */
  update(): void {
    const ends = [
      { source: this.#client, sink: this.#upstream, direction: 'up' },
      { source: this.#upstream, sink: this.#client, direction: 'down' },
    ] as const
    for (const { source, sink, direction } of ends) {
      const stalled = this.#owner.isStalled(direction)
      if (stalled || sink.writableNeedDrain) source.pause()
      else source.resume()
      // A paused socket still notices its end, so the end has to be held back here.
      if (stalled) continue
      if (source.errored !== null) sink.destroy()
      else if (source.readableEnded && !sink.writableEnded) sink.end()
    }
    if (this.#client.destroyed && this.#upstream.destroyed) this.#owner.ended()
  }

  destroy(reset: boolean): void {
    for (const socket of [this.#client, this.#upstream]) {
      if (reset) socket.resetAndDestroy()
      else socket.destroy()
    }
    this.#owner.ended()
  }
}

function listen(listener: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once('error', reject)
    listener.listen({ host: '127.0.0.1', port }, () => {
      listener.off('error', reject)
      resolve()
    })
  })
}

function closing(listener: Server): Promise<void> {
  return new Promise((resolve) => listener.close(() => resolve()))
}
