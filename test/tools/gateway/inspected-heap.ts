import { once } from 'node:events'
import WebSocket from 'ws'

interface HeapUsage {
  usedSize: number
}

/** The heap of another process of Node, which was started with `--inspect`. */
export class InspectedHeap {
  readonly #socket: WebSocket
  #lastId = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
  }

  /** @param stderr of the process, which names the inspector's address */
  static async of(stderr: string): Promise<InspectedHeap> {
    const address = /^Debugger listening on (ws:\S+)$/m.exec(stderr)?.[1]
    if (address === undefined) throw new Error('no inspector is listening; start the process with --inspect')
    const socket = new WebSocket(address, { perMessageDeflate: false })
    await once(socket, 'open')
    return new InspectedHeap(socket)
  }

  /** Bytes in use after a full garbage collection. */
  async usedAfterCollection(): Promise<number> {
    await this.#ask('HeapProfiler.collectGarbage')
    await this.#ask('HeapProfiler.collectGarbage')
    return (await this.#ask<HeapUsage>('Runtime.getHeapUsage')).usedSize
  }

  close(): void {
    this.#socket.close()
  }

  async #ask<T>(method: string): Promise<T> {
    const id = ++this.#lastId
    this.#socket.send(JSON.stringify({ id, method }))
    for (;;) {
      const [data] = (await once(this.#socket, 'message')) as [Buffer]
      const answer = JSON.parse(data.toString('utf8')) as { id?: number; result?: T }
      if (answer.id === id) return answer.result as T
    }
  }
}
