import type { View, ViewSnapshot } from '../../../client-sdk/src/index.js'
import type { ErrorCode, GatewayMessage, ViewMessage, ViewNode } from '../../../client-sdk/src/protocol.js'
import type { FakeSocket } from './fake-socket.js'
import type { Playground } from './playground.js'

export const hex = (zxid: number): string => `0x${zxid.toString(16)}`

/** A node as it was created; it is not ephemeral. */
export const node = (data: string, czxid: number, owner: string | null = 'other'): ViewNode => [
  data,
  owner,
  hex(czxid),
  1_000 + czxid,
]

export const message = (
  zxid: number,
  nodes: ViewMessage['nodes'],
  rest: Partial<ViewMessage> = {},
): ViewMessage => ({ type: 'view', view: 1, zxid: hex(zxid), nodes, ...rest })

/** The newest call of this operation, to be answered. */
export function lastCall(socket: FakeSocket, op: string) {
  const call = socket.calls.findLast((call) => call.op === op)
  if (!call) throw new Error(`the page did not call ${op}`)
  return call
}

/** The gateway's reply to the newest openView, and its next messages. */
export function openView(socket: FakeSocket, view: number, ...messages: GatewayMessage[]): void {
  const { id } = lastCall(socket, 'openView')
  socket.receive({ type: 'reply', id, result: { view } }, ...messages)
}

/** The gateway's error for the newest call of this operation. */
export function refuse(socket: FakeSocket, op: string, code: ErrorCode): void {
  const { id } = lastCall(socket, op)
  socket.receive({ type: 'error', id, error: wireError(code) })
}

export const wireError = (code: ErrorCode) =>
  ({ code, message: `no: ${code}`, retryable: false, outcome: 'not_executed' }) as const

/** A snapshot in short: each node's data, or its length in a view without data. */
export function shown({ nodes }: ViewSnapshot): Record<string, string | number> {
  return Object.fromEntries(
    [...nodes].map(([path, node]) => [path, node.data.length > 0 ? node.text() : node.stat.dataLength]),
  )
}

/** Records the snapshot at each notification. */
export function record(view: View): ViewSnapshot[] {
  const seen: ViewSnapshot[] = []
  view.subscribe(() => seen.push(view.getSnapshot()))
  return seen
}

/** A client that is CONNECTED, with `session` as its first session message. */
export async function connected(playground: Playground): Promise<FakeSocket> {
  playground.zk.connect().catch(() => undefined)
  return playground.attach()
}
