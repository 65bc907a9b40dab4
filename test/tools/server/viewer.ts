import type { ErrorReply, Operations, ViewNode, ViewPoint, WireError } from 'zoogate-client/protocol'
import { token } from '../gateway/gateway-fixture.js'
import { RawPage } from '../gateway/raw-page.js'
import { waitUntil } from '../wait-until.js'
import { ViewedMap } from './viewed-map.js'

export type ViewFields = Operations['openView']

/** A page that shows one view. */
export class Viewer {
  readonly page: RawPage
  readonly map = new ViewedMap()
  readonly view: number
  /** The types of the view's messages, in order. */
  readonly heard: string[] = []
  isStale = true
  error: WireError | null = null
  #next: number

  private constructor(page: RawPage, view: number, from: number) {
    this.page = page
    this.view = view
    this.#next = from
  }

  /** Connects a page and opens the view. @throws Error where the call is refused */
  static async connect(url: string, fields: ViewFields, claims: object = {}): Promise<Viewer> {
    return Viewer.open(await RawPage.connect(url, { token: token('ada', claims) }), fields)
  }

  static async open(page: RawPage, fields: ViewFields, earlier?: Viewer): Promise<Viewer> {
    const from = page.messages.length
    const answer = await page.call('openView', fields)
    if (answer.type === 'error') throw new Error(answer.error.code)
    const viewer = new Viewer(page, (answer.result as { view: number }).view, from)
    if (earlier) viewer.map.takeOver(earlier.map)
    return viewer
  }

  /** Moves to another gateway as a page does whose connection broke: with the state that it has. */
  async moveTo(url: string, fields: ViewFields): Promise<Viewer> {
    const since = this.update().map.point
    this.page.cut()
    const page = await RawPage.connect(url, { token: token() })
    return Viewer.open(page, { ...fields, since }, this)
  }

  /** Applies the messages that have arrived. */
  update(): this {
    const { messages } = this.page
    for (; this.#next < messages.length; this.#next += 1) {
      const message = messages[this.#next]
      if (message === undefined || !('view' in message) || message.view !== this.view) continue
      this.heard.push(message.type)
      this.isStale = message.type !== 'view'
      if (message.type === 'view') this.map.apply(message)
      else if (message.type === 'viewEnded') this.error = message.error
    }
    return this
  }

  get nodes(): ReadonlyMap<string, ViewNode> {
    return this.update().map.nodes
  }

  get paths(): string[] {
    return [...this.nodes.keys()].sort()
  }

  get point(): ViewPoint {
    return this.update().map.point
  }

  /** The newest message of the view. */
  get last(): unknown {
    return this.page.messages.findLast((message) => 'view' in message && message.view === this.view)
  }

  until(what: string, holds: (viewer: this) => boolean, timeoutMs = 10_000): Promise<true> {
    return waitUntil(what, () => holds(this.update()), { intervalMs: 2, timeoutMs })
  }

  async shows(...paths: string[]): Promise<void> {
    const wanted = JSON.stringify(paths.sort())
    await this.until(
      `the view shows ${wanted}`,
      ({ paths, isStale }) => !isStale && JSON.stringify(paths) === wanted,
    )
  }

  ended(): Promise<WireError> {
    return waitUntil('the view ends', () => this.update().error, { intervalMs: 2 })
  }
}

/** @throws Error where the call is refused */
export async function done<T extends RawPage, O extends keyof Operations>(
  page: T,
  op: O,
  fields: Operations[O],
): Promise<Exclude<Awaited<ReturnType<T['call']>>, ErrorReply>> {
  const answer = await page.call(op, fields)
  if (answer.type === 'error') throw new Error(`${op}: ${JSON.stringify(answer.error)}`)
  return answer as Exclude<Awaited<ReturnType<T['call']>>, ErrorReply>
}
