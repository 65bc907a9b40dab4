import { randomInt } from 'node:crypto'
import { createServer, type Server as Listener, type Socket } from 'node:net'
import { Connection, type Faults, type Host } from './connection.js'

const LOOPBACK = '127.0.0.1'

// Below the ports of outgoing connections: such a connection could take the port of a stopped server, and a client that
// redials that port on loopback could even connect to itself.
const LOWEST_PORT = 15_000
const HIGHEST_PORT = 32_000

/** A machine with half of the range in use never misses so often in a row. */
const MAX_ATTEMPTS = 50

/** ZooKeeper's own default of 50 stalls bursts of connects. */
const BACKLOG = 4096

/** One server of the ensemble: a port, and the connections to it. */
export class Server {
  readonly index: number
  readonly connections = new Set<Connection>()
  /** The faults of each new connection. */
  readonly #faults: Faults = { stalled: false, answerDelayMs: 0 }
  #listener: Listener | null = null
  #port: number

  /** @param port 0 for any; the port of the first start is kept. */
  constructor(index: number, port: number) {
    this.index = index
    this.#port = port
  }

  get port(): number {
    return this.#port
  }

  get running(): boolean {
    return this.#listener !== null
  }

  /** @throws when the port is taken. */
  async start(host: Host): Promise<void> {
    if (this.#listener !== null) throw new Error(`server ${this.index} is running already: stop it first`)
    const listener = createServer((socket) => this.#accept(socket, host))
    this.#listener = listener
    try {
      this.#port = await listen(listener, this.#port)
    } catch (error) {
      this.#listener = null
      throw error
    }
  }

  /** Closes the port and cuts every connection; resolves when all are gone. A stopped server stays as it is. */
  async stop(): Promise<void> {
    const listener = this.#listener
    if (listener === null) return
    this.#listener = null
    const closed = new Promise((resolve) => listener.close(resolve))
    this.cutConnections()
    await closed
  }

  connectionsOf(sessionId: bigint): Connection[] {
    return [...this.connections].filter((connection) => connection.sessionId === sessionId)
  }

  cutConnections(): void {
    for (const connection of this.connections) connection.destroy()
  }

  /** Applies to open connections and to later ones. */
  setFaults(faults: Partial<Faults>): void {
    Object.assign(this.#faults, faults)
    for (const connection of this.connections) connection.suffer(faults)
  }

  #accept(socket: Socket, host: Host): void {
    const connection = new Connection(socket, host)
    connection.suffer(this.#faults)
    this.connections.add(connection)
    socket.once('close', () => this.connections.delete(connection))
  }
}

/** @returns the port. */
async function listen(listener: Listener, port: number): Promise<number> {
  for (let attempts = 1; ; attempts++) {
    const tried = port === 0 ? randomInt(LOWEST_PORT, HIGHEST_PORT) : port
    try {
      await new Promise<void>((resolve, reject) => {
        listener.once('error', reject)
        listener.listen({ host: LOOPBACK, port: tried, backlog: BACKLOG }, () => {
          listener.off('error', reject)
          resolve()
        })
      })
      return tried
    } catch (cause) {
      if (port === 0 && attempts < MAX_ATTEMPTS) continue
      throw new Error(`cannot listen on ${LOOPBACK}:${tried}: choose another port, or 0 for any`, { cause })
    }
  }
}
