import { isUtf8 } from 'node:buffer'
import type { NodeData } from 'zoogate-client/protocol'

// The data of nodes, between the wire to the page and the wire to the ensemble.

export function toBytes(data: NodeData | undefined): Buffer {
  if (data === undefined) return Buffer.alloc(0)
  return typeof data === 'string' ? Buffer.from(data, 'utf8') : Buffer.from(data.base64, 'base64')
}

export function fromBytes(data: Buffer): NodeData {
  return isUtf8(data) ? data.toString('utf8') : { base64: data.toString('base64') }
}

/** Length of the node's data in bytes, without making them. */
export function byteLength(data: NodeData | undefined): number {
  if (data === undefined) return 0
  return typeof data === 'string' ? Buffer.byteLength(data) : Buffer.byteLength(data.base64, 'base64')
}
