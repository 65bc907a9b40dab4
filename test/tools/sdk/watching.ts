import type { WatchEvents, WatchOptions } from '../../../client-sdk/src/index.js'
import type { ErrorCode, GatewayMessage, WatchEventType } from '../../../client-sdk/src/protocol.js'
import type { FakeSocket } from './fake-socket.js'
import type { Playground } from './playground.js'

/** Takes all events of the iteration and records them. */
export async function follow(events: WatchEvents, heard: string[], name = ''): Promise<void> {
  try {
    for await (const { type, path } of events) heard.push(`${name}${type} ${path}`)
    heard.push(`${name}done`)
  } catch (error) {
    heard.push(`${name}${(error as { code: string }).code}`)
  }
}

/** A client that is CONNECTED, and the events of its iterations. */
export async function connectedIn(playground: Playground) {
  const heard: string[] = []
  playground.zk.connect().catch(() => undefined)
  const socket = await playground.attach()
  return {
    ...playground,
    socket,
    heard,
    follow: (path: string, options?: WatchOptions, name?: string) => {
      const events = playground.zk.watch(path, options)
      void follow(events, heard, name)
      return events
    },
  }
}

export const event = (type: WatchEventType, path: string): GatewayMessage => ({
  type: 'event',
  event: type,
  path,
})
/** The gateway's reply. */
export const done = (id: number): GatewayMessage => ({ type: 'reply', id, zxid: '0x20', result: {} })
export const failed = (id: number, code: ErrorCode): GatewayMessage => ({
  type: 'error',
  id,
  error: { code, message: code, path: '/w', retryable: false, outcome: 'not_executed' },
})
/** The calls on a socket, in short. */
export const sent = ({ calls }: FakeSocket) =>
  calls.map((call) =>
    [call.op, 'path' in call ? call.path : '', ...('recursive' in call ? ['below'] : [])].join(' '),
  )
