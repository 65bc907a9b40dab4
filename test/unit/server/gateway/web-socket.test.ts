import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { SharedFrames } from '../../../../server/src/gateway/web-socket.js'

const http = createServer()
let socket: Duplex
let served: WebSocket
let client: WebSocket
beforeAll(async () => {
  const server = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, upgraded, head) => {
    socket = upgraded
    server.handleUpgrade(request, upgraded, head, (webSocket) => {
      served = webSocket
    })
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`)
  await once(client, 'open')
})
afterAll(() => {
  client.terminate()
  http.close()
})

it.each([0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000])(
  'a text of %i bytes, written beside the WebSocket, arrives between the messages sent before and after',
  async (length) => {
    const received: string[] = []
    client.removeAllListeners('message')
    const all = new Promise<void>((resolve) => {
      client.on('message', (data, isBinary) => {
        expect(isBinary).toBe(false)
        if (received.push(`${data}`) === 3) resolve()
      })
    })
    const text = Buffer.alloc(length, 'a')
    served.send('before')
    socket.write(new SharedFrames().of(text))
    served.send('after')
    await all
    expect(received).toEqual(['before', `${text}`, 'after'])
  },
)

it('one text is framed once, and another text is framed anew', () => {
  const frames = new SharedFrames()
  const text = Buffer.from('one')
  const frame = frames.of(text)
  expect(frames.of(text)).toBe(frame)
  expect(frames.of(Buffer.from('two')).subarray(2).toString()).toBe('two')
  expect(frames.of(text)).toEqual(frame)
})
