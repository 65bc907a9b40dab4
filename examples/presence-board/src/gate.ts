// Reads from the page's address where to connect.

export interface Gate {
  /** WebSocket addresses of the gateway's replicas. */
  gateways: string[]
  /** Answers a GET with `{ "token": "…" }`. */
  tokenUrl: string
  /** Session timeout to ask for, in milliseconds. */
  timeoutMs: number
}

const DEFAULT_TIMEOUT_MS = 10_000
const DEFAULT_TOKEN_URL = '/demo/token'

/** @param ownQuery query string for the gateway that served the page, such as `?tab=…` */
export function readGate(address: string, ownQuery = ''): Gate {
  const { searchParams } = new URL(address)
  const gateways = (searchParams.get('gateway') ?? '').split(',').filter((url) => url !== '')
  const timeoutMs = Number(searchParams.get('timeout'))
  return {
    gateways: gateways.length > 0 ? gateways : [ownGateway(address, ownQuery)],
    tokenUrl: searchParams.get('tokenUrl') ?? DEFAULT_TOKEN_URL,
    timeoutMs: timeoutMs > 0 ? timeoutMs : DEFAULT_TIMEOUT_MS,
  }
}

/** The path in a parameter of the address, without a slash at its end. */
export function readPath(address: string, parameter: string, otherwise: string): string {
  const path = (new URL(address).searchParams.get(parameter) ?? '').replace(/\/+$/, '')
  return path.startsWith('/') ? path : otherwise
}

/** The gateway that serves this page has the same origin. */
function ownGateway(address: string, query: string): string {
  const url = new URL(`/zoogate${query}`, address)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}
