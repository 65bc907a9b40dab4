import type { NodeData, WireStat } from '../protocol.js'

/** ZooKeeper's Stat of a node. */
export interface Stat extends Omit<WireStat, 'czxid' | 'mzxid' | 'pzxid'> {
  /** The transaction that created the node. */
  czxid: bigint
  /** The transaction that last changed its data. */
  mzxid: bigint
  /** The transaction that last changed its list of children. */
  pzxid: bigint
}

/** Data to write: text, bytes, or a value that is stored as JSON text. */
export type DataInput = string | Uint8Array | object | number | boolean | null

/** The data and the Stat of a node. */
export interface NodeContent {
  data: Uint8Array
  stat: Stat
  /** The data as UTF-8 text. */
  text(): string
  /** The data parsed as JSON. Throws a SyntaxError when it is not JSON. `T` is not checked. */
  json<T = unknown>(): T
}

/** Keeps a byte order mark as a character, so that the bytes survive the round trip. */
const decode = (data: ArrayBufferView, fatal: boolean) =>
  new TextDecoder(undefined, { fatal, ignoreBOM: true }).decode(data)

/** Undefined stays undefined. */
export function writeData(data: DataInput): NodeData
export function writeData(data: DataInput | undefined): NodeData | undefined
export function writeData(data: DataInput | undefined): NodeData | undefined {
  if (typeof data === 'string') return data
  // Not instanceof: under jsdom, and between frames, a Uint8Array may come from another realm.
  if (!ArrayBuffer.isView(data)) return JSON.stringify(data)
  try {
    return decode(data, true)
  } catch {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    return { base64: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')) }
  }
}

export function readContent(wire: NodeData): Omit<NodeContent, 'stat'> {
  const data =
    typeof wire === 'string'
      ? new TextEncoder().encode(wire)
      : Uint8Array.from(atob(wire.base64), (character) => character.charCodeAt(0))
  const text = () => decode(data, false)
  return { data, text, json: () => JSON.parse(text()) }
}

export function readStat(stat: WireStat): Stat {
  return { ...stat, czxid: BigInt(stat.czxid), mzxid: BigInt(stat.mzxid), pzxid: BigInt(stat.pzxid) }
}
