import type { HexLong, ViewMessage, ViewNode, ViewPoint } from 'zoogate-client/protocol'

/** The nodes that a page gets from the messages of one view. */
export class ViewedMap {
  readonly nodes = new Map<string, ViewNode>()
  zxid: HexLong = '0x0'

  /** @throws Error where the message goes back in time */
  apply(message: ViewMessage): void {
    if (BigInt(message.zxid) < BigInt(this.zxid)) throw new Error(`${message.zxid} after ${this.zxid}`)
    const { kept, since } = message
    const named = (path: string) => Object.hasOwn(message.nodes, path)
    for (const [path, node] of this.nodes) {
      const isNewer = since !== undefined && BigInt(node[4] ?? node[2]) > BigInt(since)
      if (!named(path) && (isNewer || (kept && !kept.includes(path)))) this.nodes.delete(path)
    }
    for (const [path, node] of Object.entries(message.nodes)) {
      if (node) this.nodes.set(path, node)
      else this.nodes.delete(path)
    }
    this.zxid = message.zxid
  }

  /** Begins with the state of an earlier connection. */
  takeOver(earlier: ViewedMap): void {
    for (const [path, node] of earlier.nodes) this.nodes.set(path, node)
    this.zxid = earlier.zxid
  }

  /** The state that the page names to its next gateway. */
  get point(): ViewPoint {
    const old = [...this.nodes.values()].filter(([, , czxid]) => BigInt(czxid) <= BigInt(this.zxid))
    return { zxid: this.zxid, count: old.length }
  }
}
