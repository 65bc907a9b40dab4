import type { GatewayMessage } from 'zoogate-client/protocol'

export interface OutboxSocket {
  /** Bytes that the page has not read yet. */
  readonly bufferedAmount: number
  send(text: string): void
  /** Sends a text that other pages are sent too. */
  sendShared(text: Buffer): void
}

/**
 * Messages on their way to one page. All messages of one tick leave as one frame, in order. A message that many pages share has
 * a frame of its own, so that its bytes are not copied. The backlog is bounded: past the limit the gateway cuts the page off,
 * and the page resumes for the messages that it missed.
 */
export class Outbox {
  readonly #socket: OutboxSocket
  readonly #maxBufferedBytes: number
  readonly #overflow: () => void
  /** Messages of this tick; null after the end. */
  #texts: string[] | null = []

  constructor(socket: OutboxSocket, maxBufferedBytes: number, overflow: () => void) {
    this.#socket = socket
    this.#maxBufferedBytes = maxBufferedBytes
    this.#overflow = overflow
  }

  /** Bytes that the page has not read yet. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  /** @returns the length of the message in characters; 0 after the end */
  push(message: GatewayMessage): number {
    if (this.#texts === null) return 0
    const text = JSON.stringify(message)
    if (this.#texts.push(text) === 1) process.nextTick(Outbox.#endTick, this)
    return text.length
  }

  /** @param text one message as JSON, which other pages are sent too */
  pushShared(text: Buffer): void {
    if (this.#texts === null) return
    this.#flush()
    this.#socket.sendShared(text)
    this.#checkLimit()
  }

  /** Sends the messages of this tick and the last word, and drops every later message. */
  close(lastWord?: GatewayMessage): void {
    if (lastWord) this.#texts?.push(JSON.stringify(lastWord))
    this.#flush()
    this.#texts = null
  }

  /** One function for all pages, so that a message schedules no closure. */
  static #endTick(outbox: Outbox): void {
    outbox.#flush()
    outbox.#checkLimit()
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
