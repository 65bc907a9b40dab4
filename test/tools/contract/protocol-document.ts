import { readFileSync } from 'node:fs'
import type { GatewayMessage, PageMessage } from 'zoogate-client/protocol'

const PROTOCOL = readFileSync(new URL('../../../client-sdk/PROTOCOL.md', import.meta.url), 'utf8')

function blocks<M>(side: 'page' | 'gateway'): M[] {
  const fences = PROTOCOL.matchAll(/^```json (\w+)\n([\s\S]*?)^```$/gm)
  return [...fences]
    .flatMap(([, sender, json]) => (sender === side ? ([JSON.parse(json as string)] as M[]) : []))
    .flat() as M[]
}

/** Every message of a page that the document shows, in its order. */
export const PAGE_MESSAGES: PageMessage[] = blocks<PageMessage>('page')

/** Every message of a gateway that the document shows. */
export const GATEWAY_MESSAGES: GatewayMessage[] = blocks<GatewayMessage>('gateway')

/** The side of each JSON fence; a block without a side is noticed, because no test runs it. */
export const JSON_FENCES = [...PROTOCOL.matchAll(/^```json(.*)$/gm)].map(([, side]) =>
  (side as string).trim(),
)

/** The rows of the table of close codes. */
export const CLOSE_CODE_ROWS = [
  ...PROTOCOL.matchAll(/^\| (\d{4}) +\| ([A-Z_]+) +\| .*? \| (?:`\w+`|–) +\|$/gm),
].map(([, code, name]) => ({ code: Number(code), name: name as string }))

/** The rows of the table of error codes. */
export const ERROR_ROWS = [...PROTOCOL.matchAll(/^\| `([A-Z_]+)` \| (yes|no) \| .* \|$/gm)].map(
  ([, code, retryable]) => ({
    code: code as string,
    retryable: retryable === 'yes',
  }),
)

/** The names of all fields, also nested ones, with the kind of each value. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return ['array']
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapeOf(part)]))
}
