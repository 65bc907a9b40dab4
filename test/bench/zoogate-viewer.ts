import { once } from 'node:events'
import WebSocket from 'ws'
import { type GatewayMessage, type PageMessage, SUBPROTOCOL } from 'zoogate-client/protocol'
import { SESSION_TIMEOUT_MS } from './figures.js'
import { changeOf } from './payload.js'
import type { OpenViewer } from './viewer.js'

/** A page with one open view: the protocol and nothing more, each message parsed. */
export const openZoogateViewer: OpenViewer = async ({ address, room, token }, told) => {
  const socket = new WebSocket(address, [SUBPROTOCOL], { perMessageDeflate: false })
  const send = (message: PageMessage) => socket.send(JSON.stringify(message))
  const shown = new Promise<void>((resolve, reject) => {
    const receive = (message: GatewayMessage) => {
      switch (message.type) {
        case 'ping':
          send({ type: 'pong', id: message.id })
          break
        case 'session':
          send({ type: 'call', id: 1, op: 'openView', path: room, data: true })
          break
        case 'view':
          for (const node of Object.values(message.nodes)) {
            if (node !== null && typeof node[0] === 'string') told(changeOf(node[0]))
          }
          resolve()
          break
        case 'error':
        case 'viewEnded':
        case 'closed':
          reject(new Error(`a page was refused: ${JSON.stringify(message)}`))
      }
    }
    socket.on('message', (data: Buffer) => {
      const frame: GatewayMessage | GatewayMessage[] = JSON.parse(data.toString('utf8'))
      if (Array.isArray(frame)) frame.forEach(receive)
      else receive(frame)
    })
    socket.on('close', (code) => reject(new Error(`a page's socket was closed with ${code}`)))
  })
  await once(socket, 'open')
  send({ type: 'hello', token, timeoutMs: SESSION_TIMEOUT_MS })
  await shown
  return {
    close: async () => {
      const closed = once(socket, 'close')
      send({ type: 'close' })
      await closed
    },
  }
}
