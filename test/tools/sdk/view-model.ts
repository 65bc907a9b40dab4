import type { ViewMessage, ViewNode, ViewPoint } from '../../../client-sdk/src/protocol.js'
import type { MakeCall } from '../../../client-sdk/src/session/calls.js'
import { createEvents } from '../../../client-sdk/src/session/events.js'
import type { ClientEvents } from '../../../client-sdk/src/session/store.js'
import { createViews, type Views } from '../../../client-sdk/src/views/views.js'
import { sessionMessage } from './fake-socket.js'
import { hex } from './viewing.js'

interface ModelNode {
  data: string
  czxid: number
  mzxid: number
  version: number
}

/** A room, a gateway that shows it by the rules of PROTOCOL.md, and the page's views on the other side. */
export class ViewModel {
  readonly views: Views
  readonly nodes = new Map<string, ModelNode>()
  readonly #events = createEvents<ClientEvents>()
  #zxid = 1
  /** Up to here the page has been told everything. */
  #toldUpTo = 1
  /** What has changed and was not told yet. */
  #changed = new Set<string>()
  #session = 0
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
    this.views = createViews(call, this.#events.on)
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

  /** Tells all that has changed. */
  tell(): void {
    this.#toldUpTo = this.#zxid
    this.#tellNodes([...this.#changed])
  }

  /** Tells of one node before all that happened before it is known. */
  tellAhead(): void {
    const [name] = this.#changed
    if (name !== undefined) this.#tellNodes([name])
  }

  /** A gap; then the gateway that the page comes to sends the difference, as the page has asked for it. */
  resume(): void {
    this.#attach(false)
    const since = this.#asked?.since
    if (!since) {
      this.#tellWhole()
      return
    }
    const from = Number(since.zxid)
    const old = [...this.nodes].filter(([, { czxid }]) => czxid <= from).map(([name]) => name)
    const news = [...this.nodes].filter(([, { mzxid }]) => mzxid > from).map(([name]) => name)
    const kept = old.length === since.count ? {} : { kept: old.filter((name) => !news.includes(name)) }
    this.#complete()
    this.#receive(news, { since: since.zxid, ...kept })
  }

  /** The session has expired: another takes its place, to which the whole is sent. */
  renew(): void {
    this.#attach(true)
    this.#tellWhole()
  }

  #tellWhole(): void {
    this.#complete()
    this.#receive([...this.nodes.keys()], { kept: [] })
  }

  #tellNodes(names: string[]): void {
    for (const name of names) this.#changed.delete(name)
    this.#receive(names)
  }

  #complete(): void {
    this.#changed.clear()
    this.#toldUpTo = this.#zxid
  }

  #attach(isNew: boolean): void {
    const emit = (state: 'CONNECTING' | 'CONNECTED', previous: 'CONNECTING' | 'CONNECTED') =>
      this.#events.emit('state', { state, previous, reason: null })
    emit('CONNECTING', 'CONNECTED')
    if (isNew) this.#session++
    this.views.hear(sessionMessage({ id: hex(this.#session), mark: `m${this.#session}` }))
    emit('CONNECTED', 'CONNECTING')
    this.#asked?.opened()
  }

  #receive(names: string[], rest: Partial<ViewMessage> = {}): void {
    const nodes = names.map((name): [string, ViewNode | null] => {
      const node = this.nodes.get(name)
      if (!node) return [name, null]
      const { data, czxid, mzxid, version } = node
      return [name, [data, 'somebody', hex(czxid), czxid, hex(mzxid), mzxid, version]]
    })
    const zxid = hex(this.#toldUpTo)
    this.views.hear({ type: 'view', view: 1, zxid, nodes: Object.fromEntries(nodes), ...rest })
  }
}
