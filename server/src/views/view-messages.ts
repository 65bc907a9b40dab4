import type {
  HexLong,
  ViewEnded,
  ViewMessage,
  ViewPoint,
  ViewStale,
  WireError,
} from 'zoogate-client/protocol'
import { type Difference, isNewer, type ViewedNode, type ViewTree } from './view-tree.js'

/** Differences kept for the next page that comes from the same point: pages of one gateway mostly come from a few. */
const MAX_DIFFERENCES = 64
/** Bytes of kept differences: sixty-four of the largest would take more memory than all views may. */
const MAX_DIFFERENCE_BYTES = 1_048_576

/** The messages of a view at one state of its tree. Each is encoded once, when a page first needs it. */
export class ViewMessages {
  readonly #view: number
  readonly #tree: ViewTree
  readonly #zxid: HexLong
  readonly #differences = new Map<string, Buffer>()
  #differenceBytes = 0
  #snapshot: Buffer | null = null

  /** @param tree must not change while this object is used */
  constructor(view: number, tree: ViewTree, zxid: HexLong) {
    this.#view = view
    this.#tree = tree
    this.#zxid = zxid
  }

  snapshot(): Buffer {
    this.#snapshot ??= this.#encode({ nodes: this.#tree, kept: [] })
    return this.#snapshot
  }

  /** For a page that has the view as it was at `point`. */
  difference(point: ViewPoint): Buffer {
    const { zxid, count } = point
    if (isNewer(zxid, this.#zxid)) return this.snapshot()
    const key = `${zxid} ${count}`
    const made = this.#differences.get(key)
    if (made) return made
    const difference = this.#tree.since(point)
    const text = difference ? this.#encode(difference, zxid) : this.snapshot()
    this.#keep(key, text)
    return text
  }

  #keep(key: string, text: Buffer): void {
    // The snapshot is kept anyway.
    const bytes = this.#differenceBytes + (text === this.#snapshot ? 0 : text.length)
    if (this.#differences.size >= MAX_DIFFERENCES || bytes > MAX_DIFFERENCE_BYTES) return
    this.#differences.set(key, text)
    this.#differenceBytes = bytes
  }

  /** For pages that have the state before this one. */
  delta(changed: Iterable<string>): Buffer {
    const nodes = Array.from(changed, (path): [string, ViewedNode | null] => [
      path,
      this.#tree.get(path) ?? null,
    ])
    return this.#encode({ nodes })
  }

  #encode({ nodes, kept }: Difference, since?: HexLong): Buffer {
    const frame = { type: 'view', view: this.#view, zxid: this.#zxid, nodes: {} } satisfies ViewMessage
    const entries = Array.from(nodes, ([path, node]) => `${JSON.stringify(path)}:${node?.json ?? 'null'}`)
    const rest = {
      ...(kept && { kept }),
      ...(since !== undefined && { since }),
    } satisfies Partial<ViewMessage>
    // The nodes are JSON already, and may be thousands: they are put in as text.
    const start = JSON.stringify(frame).slice(0, -2)
    const end = JSON.stringify(rest).slice(1)
    return Buffer.from(`${start}${entries.join(',')}}${end === '}' ? '' : ','}${end}`)
  }
}

export function staleMessage(view: number): Buffer {
  return Buffer.from(JSON.stringify({ type: 'viewStale', view } satisfies ViewStale))
}

export function endedMessage(view: number, error: WireError): Buffer {
  return Buffer.from(JSON.stringify({ type: 'viewEnded', view, error } satisfies ViewEnded))
}
