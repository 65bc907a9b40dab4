import { readFileSync } from 'node:fs'
import type { GatewayMessage, PageMessage } from 'zoogate-client/protocol'

const PROTOCOL = readFileSync(new URL('../../../client-sdk/PROTOCOL.md', import.meta.url), 'utf8')

function blocks<M>(side: 'page' | 'gateway'): M[] {
  const fences = PROTOCOL.matchAll(/^```json (\w+)\n([\s\S]*?)^```$/gm)
  return [...fences]
    .flatMap(([, who, json]) => (who === side ? ([JSON.parse(json as string)] as M[]) : []))
    .flat() as M[]
}

/** Every message of a page that the document shows, in its order. */
export const PAGE_MESSAGES: PageMessage[] = blocks<PageMessage>('page')

/** Every message of a gateway that the document shows. */
export const GATEWAY_MESSAGES: GatewayMessage[] = blocks<GatewayMessage>('gateway')

/** Fences of JSON, of either side or none: a block that nobody runs would be noticed. */
export const JSON_FENCES = [...PROTOCOL.matchAll(/^```json(.*)$/gm)].map(([, side]) =>
  (side as string).trim(),
)

/** The rows of the table of close codes. */
export const CLOSE_CODE_ROWS = [
  ...PROTOCOL.matchAll(/^\| (\d{4}) +\| ([A-Z_]+) +\| .*? \| (?:`\w+`|–) +\|$/gm),
].map(([, code, name]) => ({ code: Number(code), name: name as string }))

/** The names of all fields, nested ones included, and the kind of each value: what two messages have to share. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return ['array']
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapeOf(part)]))
}
