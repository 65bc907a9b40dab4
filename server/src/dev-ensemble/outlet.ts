import type { Socket } from 'node:net'

/** How long a client may take to close its side after ours, before the descriptor is taken back. */
const LINGER_MS = 1_000

/** The frames that a connection sends. They can be held back: all of them, or each for a while. Their order stays. */
export class Outlet {
  readonly #socket: Socket
  /** null: the end of the connection. */
  readonly #held: { frame: Buffer | null; dueAt: number }[] = []
  #heldBytes = 0
  #delayMs = 0
  #stalled = false
  #timer: NodeJS.Timeout | undefined

  constructor(socket: Socket) {
    this.#socket = socket
  }

  get unsentBytes(): number {
    return this.#heldBytes + this.#socket.writableLength
  }

  get stalled(): boolean {
    return this.#stalled
  }

  send(frame: Buffer): void {
    this.#hold(frame)
  }

  /** Ends the connection once every frame has gone out. */
  end(): void {
    this.#hold(null)
  }

  /** Applies to frames that are sent from now on. */
  set delayMs(ms: number) {
    this.#delayMs = ms
  }

  set stalled(stalled: boolean) {
    this.#stalled = stalled
    this.#flush()
  }

  /** Forgets the frames that are held back. */
  discard(): void {
    clearTimeout(this.#timer)
    this.#held.length = 0
    this.#heldBytes = 0
  }

  #hold(frame: Buffer | null): void {
    this.#held.push({ frame, dueAt: performance.now() + this.#delayMs })
    this.#heldBytes += frame?.length ?? 0
    this.#flush()
  }

  #flush(): void {
    clearTimeout(this.#timer)
    if (this.#stalled) return
    for (let next = this.#held[0]; next !== undefined; next = this.#held[0]) {
      const waitMs = next.dueAt - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#flush(), waitMs)
        return
      }
      this.#held.shift()
      this.#heldBytes -= next.frame?.length ?? 0
      if (next.frame === null) this.#close()
      else this.#socket.write(next.frame)
    }
  }

  #close(): void {
    this.#socket.end()
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS)
    this.#socket.once('close', () => clearTimeout(timer))
  }
}
