import type {
  CloseCode,
  GatewayMessage,
  PageMessage,
  SessionMessage,
} from '../../../client-sdk/src/protocol.js'

interface SocketEvents {
  data?: string
  code?: number
  reason?: string
}

/** A WebSocket without a network: the test is the gateway. */
export class FakeSocket {
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  onerror: ((event: never) => void) | null = null
  /** Each frame that the page sent, parsed. */
  readonly frames: (PageMessage | PageMessage[])[] = []
  /** The page's close frame; null before it. */
  closed: { code: number | undefined; reason: string | undefined } | null = null

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {}

  send(data: string): void {
    if (this.closed) throw new Error('the page sent on a socket that it had closed')
    this.frames.push(JSON.parse(data) as PageMessage | PageMessage[])
  }

  close(code?: number, reason?: string): void {
    if (new TextEncoder().encode(reason).length > 123) throw new SyntaxError('the reason is too long')
    if (code !== 1000 && !(code && code >= 3000 && code < 5000))
      throw new Error(`a page may not close with ${code}`)
    this.closed ??= { code, reason }
  }

  /** All messages of the page in order, from all frames. */
  get messages(): PageMessage[] {
    return this.frames.flat()
  }

  get calls(): Extract<PageMessage, { type: 'call' }>[] {
    return this.messages.filter((message) => message.type === 'call')
  }

  get hello(): Extract<PageMessage, { type: 'hello' }> | undefined {
    return this.messages.find((message) => message.type === 'hello')
  }

  open(): this {
    this.#emit('onopen', {})
    return this
  }

  /** One frame from the gateway. */
  receive(...messages: GatewayMessage[]): void {
    this.receiveText(JSON.stringify(messages.length === 1 ? messages[0] : messages))
  }

  receiveText(data: string): void {
    this.#emit('onmessage', { data })
  }

  /** The gateway's verdict: the message, then the close frame. */
  refuse(code: CloseCode, message = `closed with ${code}`): void {
    this.receive({ type: 'closed', code, message })
    this.end(code)
  }

  /** The socket ends with a close frame, or with 1006 without one. */
  end(code = 1006, reason = ''): void {
    this.#emit('onclose', { code, reason })
  }

  #emit(handler: 'onopen' | 'onmessage' | 'onclose', event: SocketEvents): void {
    this[handler]?.(event as never)
  }
}

export function sessionMessage(change: Partial<SessionMessage> = {}): SessionMessage {
  return {
    type: 'session',
    id: '0xa1',
    timeoutMs: 10_000,
    resumed: false,
    resumeToken: 'resume-1',
    zxid: '0x10',
    maxMessageBytes: 65_536,
    mark: 'me',
    ...change,
  }
}
