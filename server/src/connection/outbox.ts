import type { GatewayMessage } from 'zoogate-client/protocol'

export interface OutboxSocket {
  readonly bufferedAmount: number
  send(text: string): void
  /** Sends a text that other pages are sent too. */
  sendShared(text: Buffer): void
}

/**
 * Messages on their way to one page. All of one tick leave as one frame, in order, but for those that many pages share:
 * they have frames of their own, so that their bytes need not be copied. What a page does not read is bounded: past the
 * limit the page is cut off, and comes back for what it missed.
 */
export class Outbox {
  readonly #socket: OutboxSocket
  readonly #maxBufferedBytes: number
  readonly #overflow: () => void
  #texts: string[] | null = []

  constructor(socket: OutboxSocket, maxBufferedBytes: number, overflow: () => void) {
    this.#socket = socket
    this.#maxBufferedBytes = maxBufferedBytes
    this.#overflow = overflow
  }

  /** What the page has not read yet. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  /** @returns how long the message is, in characters; 0 after the end */
  push(message: GatewayMessage): number {
    if (this.#texts === null) return 0
    const text = JSON.stringify(message)
    if (this.#texts.push(text) === 1) process.nextTick(() => this.#endTick())
    return text.length
  }

  /** @param text one message as JSON, which other pages are sent too */
  pushShared(text: Buffer): void {
    if (this.#texts === null) return
    this.#flush()
    this.#socket.sendShared(text)
    this.#checkLimit()
  }

  /** Sends what is there, the last word included, and drops everything from now on. */
  close(lastWord?: GatewayMessage): void {
    if (lastWord) this.#texts?.push(JSON.stringify(lastWord))
    this.#flush()
    this.#texts = null
  }

  #endTick(): void {
    this.#flush()
    this.#checkLimit()
  }

  #checkLimit(): void {
    if (this.#texts !== null && this.#socket.bufferedAmount > this.#maxBufferedBytes) this.#overflow()
  }

  #flush(): void {
    const texts = this.#texts
    if (texts === null || texts.length === 0) return
    this.#texts = []
    this.#socket.send(texts.length === 1 ? (texts[0] as string) : `[${texts.join(',')}]`)
  }
}
