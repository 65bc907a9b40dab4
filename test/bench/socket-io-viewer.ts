import { once } from 'node:events'
import WebSocket from 'ws'
import { changeOf } from './payload.js'
import type { OpenViewer } from './viewer.js'

/**
 * A client of socket.io, as lean as the other viewers: a bare WebSocket, of socket.io's protocol (version 5, on
 * engine.io's version 4) what a client in one room needs, each message parsed.
 */
export const openSocketIoViewer: OpenViewer = async ({ address }, told) => {
  const socket = new WebSocket(`${address}/socket.io/?EIO=4&transport=websocket`, {
    perMessageDeflate: false,
  })
  const joined = new Promise<void>((resolve, reject) => {
    socket.on('message', (data: Buffer) => {
      const text = data.toString('utf8')
      // An event: engine.io's "message", socket.io's "event", then name and arguments.
      if (text.startsWith('42')) {
        const [, member] = JSON.parse(text.slice(2)) as [string, { id: string; data: string }]
        told(changeOf(member.data))
      } else if (text.startsWith('40')) resolve()
      else if (text.startsWith('0')) socket.send('40')
      else if (text === '2') socket.send('3')
      else reject(new Error(`a client of socket.io was told something unexpected: ${text}`))
    })
    socket.on('close', (code) => reject(new Error(`a client's socket was closed with ${code}`)))
  })
  await joined
  return {
    close: async () => {
      const closed = once(socket, 'close')
      socket.close()
      await closed
    },
  }
}
