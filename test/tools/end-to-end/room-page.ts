import { once } from 'node:events'
import WebSocket from 'ws'
import {
  type Call,
  type GatewayMessage,
  type Hello,
  type PageMessage,
  type SessionMessage,
  SUBPROTOCOL,
  type ViewMessage,
  type ViewNode,
} from 'zoogate-client/protocol'
import { token } from '../gateway/gateway-fixture.js'
import { waitUntil } from '../wait-until.js'
import { RoomState } from './room-state.js'

export interface RoomPageOptions {
  /** The token's subject. */
  name: string
  /** The node whose children are looked at. */
  room: string
  timeoutMs: number
  /** The loopback address that the gateway sees. @default 127.0.0.1 */
  from?: string
}

/** A gateway that is killed and started anew is away for a few seconds; thousands of pages take a few more to return. */
const REDIAL_DEADLINE_MS = 30_000
const REDIAL_INTERVAL_MS = 100
/** Close codes from here on ask for nothing but a redial. */
const REDIAL_CODES = 4_200
const ANSWER_DEADLINE_MS = 30_000

/** Thousands of pages are told the same texts: each is parsed once, and the nodes in it are held once. */
const parsedTexts = new Map<string, GatewayMessage[]>()
const MOST_PARSED_TEXTS = 500

function parse(text: string): GatewayMessage[] {
  const known = parsedTexts.get(text)
  if (known) return known
  const messages = [JSON.parse(text)].flat() as GatewayMessage[]
  if (parsedTexts.size === MOST_PARSED_TEXTS) parsedTexts.clear()
  parsedTexts.set(text, messages)
  return messages
}

/**
 * One of thousands of pages that look at a room, by the protocol alone: small, and a second opinion on what the
 * protocol says of views. It does not redial by itself.
 */
export class RoomPage {
  readonly #url: string
  readonly #options: RoomPageOptions
  /** The newest; null before the first. */
  #socket: WebSocket | null = null
  #session: SessionMessage | null = null
  #state = RoomState.EMPTY
  /** The newest zxid that any message brought. */
  #seen = 0n
  #lastId = 0
  #answers = new Map<number, (message: GatewayMessage) => void>()
  #isCurrent = false
  /** Characters of all frames that arrived; nothing here is outside of ASCII. */
  received = 0
  /** Messages of the view that arrived. */
  viewMessages = 0
  /** Names that were in the list and were taken off it. */
  readonly departed: string[] = []
  /** What ended, or refused, anything. */
  readonly complaints: string[] = []

  private constructor(url: string, options: RoomPageOptions) {
    this.#url = url
    this.#options = options
  }

  /** Resolves when the page sees the room. */
  static async open(url: string, options: RoomPageOptions): Promise<RoomPage> {
    const page = new RoomPage(url, options)
    await page.resume()
    return page
  }

  /** By the name of the node. */
  get nodes(): ReadonlyMap<string, ViewNode> {
    return this.#state.nodes
  }

  get session(): SessionMessage {
    if (this.#session === null) throw new Error('this page has no session yet')
    return this.#session
  }

  /**
   * Dials until a gateway shows it the room, with the session and the view where they were. It comes back after every
   * close that allows it: where thousands come at the same time, some are too late with their hello.
   */
  async resume(): Promise<void> {
    this.#isCurrent = false
    const shown = async () => {
      this.#dial()
      await waitUntil('the room is shown, or the socket closed', () => this.#isCurrent || this.#isClosed, {
        timeoutMs: REDIAL_DEADLINE_MS,
      })
      if (this.complaints.length > 0) throw new Error(this.complaints.join('\n'))
      return this.#isCurrent
    }
    const redial = { timeoutMs: REDIAL_DEADLINE_MS, intervalMs: REDIAL_INTERVAL_MS }
    await waitUntil('a gateway shows the room', shown, redial)
  }

  async join(data: string): Promise<void> {
    await this.#call({ op: 'create', path: this.#own, data, mode: 'ephemeral' })
  }

  async update(data: string): Promise<void> {
    await this.#call({ op: 'setData', path: this.#own, data })
  }

  /** Reads nothing more; what it sends still leaves. */
  pause(): void {
    this.#open.pause()
  }

  unpause(): void {
    this.#open.resume()
  }

  /** Says something, so that it counts as alive. */
  speak(): void {
    this.#send({ type: 'ping', id: 0 })
  }

  async close(): Promise<void> {
    const closed = once(this.#open, 'close')
    this.#send({ type: 'close' })
    await closed
  }

  get #open(): WebSocket {
    if (!this.isOpen) throw new Error('this page has no open socket')
    return this.#socket as WebSocket
  }

  /** Whether the socket is open; false also while a resume is under way. */
  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN
  }

  get #isClosed(): boolean {
    return this.#socket?.readyState === WebSocket.CLOSED
  }

  get #own(): string {
    return `${this.#options.room}/${this.#options.name}`
  }

  /** Says hello as soon as the socket opens. */
  #dial(): void {
    const { from: localAddress = '127.0.0.1' } = this.#options
    const socket = new WebSocket(this.#url, [SUBPROTOCOL], { perMessageDeflate: false, localAddress })
    this.#socket = socket
    socket.on('open', () => this.#greet())
    socket.on('message', (data: Buffer) => {
      this.received += data.length
      const text = data.toString('utf8')
      for (const message of parse(text)) this.#receive(text, message)
    })
    // The close that follows says it.
    socket.on('error', () => undefined)
  }

  #greet(): void {
    const { name, timeoutMs } = this.#options
    // A page that lives for longer would have to bring fresh ones.
    const lasting = token(name, {}, { expiresIn: 7_200 })
    const hello: Hello = { type: 'hello', token: lasting, timeoutMs }
    if (this.#session) {
      hello.resume = {
        token: this.#session.resumeToken,
        zxid: `0x${this.#seen.toString(16)}`,
        watches: { data: [], exist: [], child: [] },
      }
    }
    this.#send(hello)
  }

  #receive(text: string, message: GatewayMessage): void {
    if ('zxid' in message && message.zxid !== undefined && BigInt(message.zxid) > this.#seen) {
      this.#seen = BigInt(message.zxid)
    }
    switch (message.type) {
      case 'ping':
        this.#send({ type: 'pong', id: message.id })
        break
      case 'session':
        this.#session = message
        this.#openView()
        break
      case 'view':
        this.#show(text, message)
        break
      case 'reply':
      case 'error':
        this.#answers.get(message.id)?.(message)
        this.#answers.delete(message.id)
        break
      case 'closed':
        if (message.code < REDIAL_CODES) this.complaints.push(JSON.stringify(message))
        break
      case 'viewEnded':
        this.complaints.push(JSON.stringify(message))
    }
  }

  #openView(): void {
    const { point } = this.#state
    const since = point === null ? {} : { since: point }
    // A refusal is a complaint; the answer itself says nothing that is needed here.
    this.#start({ op: 'openView', path: this.#options.room, data: true, ...since }, (answer) => {
      if (answer.type === 'error') this.complaints.push(JSON.stringify(answer))
    })
  }

  #show(text: string, message: ViewMessage): void {
    this.viewMessages++
    this.#state = this.#state.after(text, message)
    this.departed.push(...this.#state.departed)
    this.#isCurrent = true
  }

  async #call(fields: CallFields): Promise<void> {
    const answer = await new Promise<GatewayMessage>((resolve, reject) => {
      const late = () => reject(new Error(`no answer to ${fields.op} within ${ANSWER_DEADLINE_MS} ms`))
      const deadline = setTimeout(late, ANSWER_DEADLINE_MS)
      this.#start(fields, (message) => {
        clearTimeout(deadline)
        resolve(message)
      })
    })
    if (answer.type === 'error') throw new Error(`${fields.op} failed: ${answer.error.message}`)
  }

  #start(fields: CallFields, answered: (message: GatewayMessage) => void): void {
    const id = ++this.#lastId
    this.#answers.set(id, answered)
    this.#send({ type: 'call', id, ...fields } as Call)
  }

  #send(message: PageMessage): void {
    this.#open.send(JSON.stringify(message))
  }
}

type CallOf<C> = C extends Call ? Omit<C, 'type' | 'id'> : never
type CallFields = CallOf<Call>
