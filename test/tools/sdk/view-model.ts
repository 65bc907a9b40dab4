import type { GatewayMessage, ViewMessage, ViewNode, ViewPoint } from '../../../client-sdk/src/protocol.js'
import type { MakeCall } from '../../../client-sdk/src/session/calls.js'
import { createEvents } from '../../../client-sdk/src/session/events.js'
import type { MessageListener } from '../../../client-sdk/src/session/session.js'
import type { ClientEvents } from '../../../client-sdk/src/session/store.js'
import { createViews, type ShowChanges } from '../../../client-sdk/src/views/open-views.js'
import { sessionMessage } from './fake-socket.js'
import { hex } from './viewing.js'

interface ModelNode {
  data: string
  czxid: number
  mzxid: number
  version: number
}

/** A room, a gateway that shows it by the rules of PROTOCOL.md, and a page's views of it. */
export class ViewModel {
  readonly show: ShowChanges
  readonly nodes = new Map<string, ModelNode>()
  readonly #events = createEvents<ClientEvents>()
  #zxid = 1
  /** The page has received every change up to this zxid. */
  #sentUpTo = 1
  /** The names of changed nodes that were not sent yet. */
  #changed = new Set<string>()
  #session = 0
  #hear: MessageListener = () => undefined
  #asked: { since: ViewPoint | undefined; opened: () => void } | null = null

  constructor() {
    const call = ((
      op: string,
      _: unknown,
      options: { since?: ViewPoint },
      read: (result: object) => void,
    ) => {
      if (op === 'openView') this.#asked = { since: options.since, opened: () => read({ view: 1 }) }
      return Promise.resolve()
    }) as unknown as MakeCall
    this.show = createViews(call, this.#events.on, (listener) => {
      this.#hear = listener
    })
  }

  readonly on = this.#events.on

  write(name: string, data: string): void {
    const mzxid = ++this.#zxid
    const before = this.nodes.get(name)
    const { czxid = mzxid, version = -1 } = before ?? {}
    this.nodes.set(name, { data, czxid, mzxid, version: version + 1 })
    this.#changed.add(name)
  }

  remove(name: string): void {
    if (!this.nodes.delete(name)) return
    this.#zxid++
    this.#changed.add(name)
  }

  /** Sends every change. */
  send(): void {
    this.#sentUpTo = this.#zxid
    this.#sendNodes([...this.#changed])
  }

  /** Sends one node ahead of the earlier changes of others. */
  sendAhead(): void {
    const [name] = this.#changed
    if (name !== undefined) this.#sendNodes([name])
  }

  /** A gap; then the next gateway sends the difference that the page asks for. */
  resume(): void {
    this.#attach(false)
    const since = this.#asked?.since
    if (!since) {
      this.#sendWhole()
      return
    }
    const from = Number(since.zxid)
    const old = [...this.nodes].filter(([, { czxid }]) => czxid <= from).map(([name]) => name)
    const news = [...this.nodes].filter(([, { mzxid }]) => mzxid > from).map(([name]) => name)
    const kept = old.length === since.count ? {} : { kept: old.filter((name) => !news.includes(name)) }
    this.#complete()
    this.#receive(news, { since: since.zxid, ...kept })
  }

  /** The session expires; the next session gets the whole view. */
  renew(): void {
    this.#attach(true)
    this.#sendWhole()
  }

  #sendWhole(): void {
    this.#complete()
    this.#receive([...this.nodes.keys()], { kept: [] })
  }

  #sendNodes(names: string[]): void {
    for (const name of names) this.#changed.delete(name)
    this.#receive(names)
  }

  #complete(): void {
    this.#changed.clear()
    this.#sentUpTo = this.#zxid
  }

  #attach(isNew: boolean): void {
    const emit = (state: 'CONNECTING' | 'CONNECTED', previous: 'CONNECTING' | 'CONNECTED') =>
      this.#events.emit('state', { state, previous, reason: null })
    emit('CONNECTING', 'CONNECTED')
    if (isNew) this.#session++
    this.#receiveMessage(sessionMessage({ id: hex(this.#session), mark: `m${this.#session}` }))
    emit('CONNECTED', 'CONNECTING')
    this.#asked?.opened()
  }

  #receiveMessage(message: GatewayMessage): void {
    this.#hear(message, { send: () => true })
  }

  #receive(names: string[], rest: Partial<ViewMessage> = {}): void {
    const nodes = names.map((name): [string, ViewNode | null] => {
      const node = this.nodes.get(name)
      if (!node) return [name, null]
      const { data, czxid, mzxid, version } = node
      return [name, [data, 'somebody', hex(czxid), czxid, hex(mzxid), mzxid, version]]
    })
    const zxid = hex(this.#sentUpTo)
    this.#receiveMessage({ type: 'view', view: 1, zxid, nodes: Object.fromEntries(nodes), ...rest })
  }
}
