import type { HexLong, ViewMessage, ViewNode, ViewPoint } from 'zoogate-client/protocol'

/** Texts that pages with one state receive: a delta, or the difference for pages that were behind. */
const MOST_SUCCESSORS = 20

/**
 * The nodes of a room as a page knows them. It never changes: a message makes another state of it, the same one for all pages
 * that had the same state and get the same message, so that thousands of pages cost little more than one.
 */
export class RoomState {
  static readonly EMPTY = new RoomState(new Map(), null, [])
  /** By the name of the node. */
  readonly nodes: ReadonlyMap<string, ViewNode>
  /** The point that the page names when it comes back; null before the first message. */
  readonly point: ViewPoint | null
  /** Names that were in the state before and are not in this one. */
  readonly departed: readonly string[]
  readonly #successors = new Map<string, RoomState>()

  private constructor(nodes: ReadonlyMap<string, ViewNode>, zxid: HexLong | null, departed: string[]) {
    this.nodes = nodes
    this.departed = departed
    const isKnown = ([, , czxid]: ViewNode) => zxid !== null && BigInt(czxid) <= BigInt(zxid)
    this.point = zxid === null ? null : { zxid, count: [...nodes.values()].filter(isKnown).length }
  }

  /** @param text the message before it was parsed */
  after(text: string, message: ViewMessage): RoomState {
    const known = this.#successors.get(text)
    if (known) return known
    const next = this.#apply(message)
    if (this.#successors.size === MOST_SUCCESSORS) this.#successors.clear()
    this.#successors.set(text, next)
    return next
  }

  #apply({ zxid, nodes, kept, since }: ViewMessage): RoomState {
    if (this.point !== null && BigInt(zxid) < BigInt(this.point.zxid)) {
      throw new Error(`the view went back from ${this.point.zxid} to ${zxid}`)
    }
    const next = new Map(this.nodes)
    const staying = kept && new Set(kept)
    for (const [name, [, , czxid]] of this.nodes) {
      const isGone = staying?.has(name) === false || (since !== undefined && BigInt(czxid) > BigInt(since))
      if (isGone && !Object.hasOwn(nodes, name)) next.delete(name)
    }
    for (const [name, node] of Object.entries(nodes)) {
      if (node === null) next.delete(name)
      else next.set(name, node)
    }
    const departed = [...this.nodes.keys()].filter((name) => !next.has(name))
    return new RoomState(next, zxid, departed)
  }
}
