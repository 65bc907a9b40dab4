// What the page's address says about where to connect and as whom.

export interface Settings {
  /** WebSocket addresses of the gateway's replicas. */
  gateways: string[]
  /** Answers a GET with `{ "token": "…" }`. */
  tokenUrl: string
  /** Session timeout to ask for, in milliseconds. */
  timeoutMs: number
  /** Path of the room's node. */
  room: string
  /** The visitor's name, where the address names one. */
  name: string | null
}

const DEFAULT_TIMEOUT_MS = 10_000
const DEFAULT_ROOM = '/rooms/lobby'
const DEFAULT_TOKEN_URL = '/demo/token'

/** @param tab the name under which this tab dials the gateway that served it */
export function readSettings(address: string, tab: string): Settings {
  const { searchParams } = new URL(address)
  const gateways = (searchParams.get('gateway') ?? '').split(',').filter((url) => url !== '')
  const timeoutMs = Number(searchParams.get('timeout'))
  const room = (searchParams.get('room') ?? '').replace(/\/+$/, '')
  return {
    gateways: gateways.length > 0 ? gateways : [ownGateway(address, tab)],
    tokenUrl: searchParams.get('tokenUrl') ?? DEFAULT_TOKEN_URL,
    timeoutMs: timeoutMs > 0 ? timeoutMs : DEFAULT_TIMEOUT_MS,
    room: room.startsWith('/') ? room : DEFAULT_ROOM,
    name: searchParams.get('name'),
  }
}

/** The same address with the name in it, for an address that had one; a reload must not bring the old name back. */
export function renamed(address: string, name: string): string {
  const url = new URL(address)
  if (url.searchParams.has('name')) url.searchParams.set('name', name)
  return url.href
}

/** A page that the gateway serves is at the same origin. */
function ownGateway(address: string, tab: string): string {
  const url = new URL(`/zoogate?tab=${tab}`, address)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}
