import { EventEmitter, once } from 'node:events'
import WebSocket from 'ws'
import {
  type Call,
  type ErrorReply,
  type GatewayMessage,
  type Hello,
  type Operation,
  type Operations,
  type Reply,
  type Resume,
  type SessionMessage,
  SUBPROTOCOL,
} from 'zoogate-client/protocol'

export interface RawPageOptions {
  origin?: string
  /** Of the upgrade, as they are. */
  headers?: Record<string, string>
  protocols?: string[]
  /** The loopback address that the gateway sees. @default 127.0.0.1 */
  from?: string
  /** Whether pings are answered; false plays a frozen page. @default true */
  answers?: boolean
}

/** A page's side of the protocol, message by message, without the SDK. Keeps everything that it was sent. */
export class RawPage {
  readonly messages: GatewayMessage[] = []
  readonly socket: WebSocket
  /** False plays a page that is frozen: nothing is answered. */
  answers: boolean
  /** The close code, once the socket is closed. */
  closedWith: number | null = null
  /** `performance.now()` of the last message that was sent. */
  lastSentAt = 0
  #lastId = 0
  readonly #news = new EventEmitter().setMaxListeners(0)

  constructor(
    url: string,
    { origin, headers = {}, protocols = [SUBPROTOCOL], from, answers = true }: RawPageOptions = {},
  ) {
    this.answers = answers
    this.socket = new WebSocket(url, protocols, {
      ...(origin !== undefined && { origin }),
      ...(from !== undefined && { localAddress: from }),
      headers,
      perMessageDeflate: false,
    })
    this.socket.on('message', (data: Buffer) => this.#receive(data.toString('utf8')))
    this.socket.on('close', (code) => {
      this.closedWith = code
      this.#news.emit('news')
    })
    // Tests look at the close that follows.
    this.socket.on('error', () => undefined)
  }

  /** Opens the socket; rejects when the upgrade is refused. */
  static async open(url: string, options: RawPageOptions = {}): Promise<RawPage> {
    const page = new RawPage(url, options)
    await once(page.socket, 'open')
    return page
  }

  /** Opens the socket, says hello and waits for the session. */
  static async connect(
    url: string,
    hello: Partial<Omit<Hello, 'type'>> & { token: string },
    options: RawPageOptions = {},
  ): Promise<RawPage> {
    const page = await RawPage.open(url, options)
    page.hello(hello)
    await page.session()
    return page
  }

  hello(hello: Partial<Omit<Hello, 'type'>> & { token: string }): void {
    this.send({ type: 'hello', timeoutMs: 10_000, ...hello })
  }

  /** Sends anything, as it is. */
  send(message: unknown): void {
    this.sendText(JSON.stringify(message))
  }

  sendText(text: string): void {
    this.lastSentAt = performance.now()
    this.socket.send(text)
  }

  /** The newest session message, waited for. */
  session(): Promise<SessionMessage> {
    return this.#until('a session message arrives', () => {
      const found = this.messages.findLast((message) => message.type === 'session')
      if (!found && this.closedWith !== null) {
        throw new Error(`closed with ${this.closedWith}: ${JSON.stringify(this.messages)}`)
      }
      return found
    })
  }

  /** Sends a call and waits for its answer. */
  async call<O extends Operation>(op: O, fields: Operations[O]): Promise<Reply | ErrorReply> {
    const id = this.start(op, fields)
    return this.answer(id)
  }

  /** Sends a call and gives its id. */
  start<O extends Operation>(op: O, fields: Operations[O]): number {
    this.#lastId += 1
    this.send({ type: 'call', id: this.#lastId, op, ...fields } as unknown as Call)
    return this.#lastId
  }

  answer(id: number): Promise<Reply | ErrorReply> {
    return this.next(
      (message) => (message.type === 'reply' || message.type === 'error') && message.id === id,
    ) as Promise<Reply | ErrorReply>
  }

  /** The first message that fits, waited for. */
  next(fits: (message: GatewayMessage) => boolean): Promise<GatewayMessage> {
    return this.#until('a message arrives', () => this.messages.find(fits))
  }

  closed(timeoutMs = 10_000): Promise<number> {
    return this.#until('the socket is closed', () => this.closedWith, timeoutMs)
  }

  /** The `resume` with which a page resumes this session. */
  async resume(watches: Partial<Resume['watches']> = {}): Promise<Resume> {
    const { resumeToken } = await this.session()
    const zxids = this.messages.flatMap((message) =>
      'zxid' in message && message.zxid ? [BigInt(message.zxid)] : [],
    )
    const zxid = `0x${(zxids.sort((a, b) => Number(a - b)).at(-1) ?? 0n).toString(16)}`
    return { token: resumeToken, zxid, watches: { data: [], exist: [], child: [], ...watches } }
  }

  /** Ends the socket without a close frame. */
  cut(): void {
    this.socket.terminate()
  }

  /** Leaves as a closed tab does. */
  goAway(): void {
    this.socket.close(1001)
  }

  /** Probes at once and after each message, so that thousands of pages can wait at a time. */
  #until<T>(what: string, probe: () => T | null | undefined, timeoutMs = 10_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(deadline)
        this.#news.off('news', look)
        finish()
      }
      const look = () => {
        try {
          const found = probe()
          if (found !== null && found !== undefined) settle(() => resolve(found))
        } catch (error) {
          settle(() => reject(error))
        }
      }
      const late = () =>
        settle(() => reject(new Error(`gave up waiting until ${what} after ${timeoutMs} ms`)))
      const deadline = setTimeout(late, timeoutMs)
      this.#news.on('news', look)
      look()
    })
  }

  #receive(text: string): void {
    const frame = JSON.parse(text) as GatewayMessage | GatewayMessage[]
    for (const message of Array.isArray(frame) ? frame : [frame]) {
      this.messages.push(message)
      if (message.type === 'ping' && this.answers) this.send({ type: 'pong', id: message.id })
    }
    this.#news.emit('news')
  }
}
