import type { NodeData } from '../protocol.js'
import type { Stat } from './stat.js'

/** What a node can be given: text, bytes, or a value that is stored as JSON text. */
export type DataInput = string | Uint8Array | object | number | boolean | null

/** What a node holds. */
export interface NodeContent {
  data: Uint8Array
  stat: Stat
  /** The data as UTF-8 text. */
  text(): string
  /** The data parsed as JSON; throws a SyntaxError where it is none. `T` is not checked. */
  json<T = unknown>(): T
}

/** Keeps a byte order mark as a character, so that the bytes survive the round trip. */
const decode = (data: ArrayBufferView, fatal: boolean) =>
  new TextDecoder(undefined, { fatal, ignoreBOM: true }).decode(data)

/** No data stays undefined. */
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
