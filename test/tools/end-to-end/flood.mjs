// A page that sends calls as fast as the gateway reads them, once its parent tells it to.
import WebSocket from 'ws'

const [url, token] = process.argv.slice(2)
const socket = new WebSocket(url, ['zoogate.v1'], { perMessageDeflate: false })
let id = 0

function flood() {
  const calls = Array.from({ length: 100 }, () =>
    JSON.stringify({ type: 'call', id: id++, op: 'exists', path: '/' }),
  )
  for (const call of calls.slice(1)) socket.send(call)
  // The last one is written when the gateway has read far enough.
  socket.send(calls[0], (error) => {
    if (error === undefined || error === null) setImmediate(flood)
  })
}

socket.on('open', () => socket.send(JSON.stringify({ type: 'hello', token, timeoutMs: 10_000 })))
socket.on('message', (data) => {
  for (const message of [JSON.parse(data.toString())].flat()) {
    if (message.type === 'ping') socket.send(JSON.stringify({ type: 'pong', id: message.id }))
    if (message.type === 'session') process.send('ready')
  }
})
socket.on('close', (code) => process.send(`closed ${code}`))
process.once('message', flood)
