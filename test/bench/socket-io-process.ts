// A server of socket.io: one room, in which a member's change is acknowledged and then sent to all.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { HEARTBEAT_MS } from './figures.js'

const ROOM = 'room'

const http = createServer()
const server = new Server(http, { transports: ['websocket'], serveClient: false, pingInterval: HEARTBEAT_MS })
server.on('connection', (socket) => {
  socket.join(ROOM)
  socket.on('change', (member: { id: string; data: string }, acknowledge: () => void) => {
    acknowledge()
    server.to(ROOM).emit('changed', member)
  })
})
// Without its parent the run is over.
process.once('disconnect', () => process.exit(1))
http.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  process.send?.((http.address() as AddressInfo).port)
})
