import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import { token } from '../../tools/gateway/gateway-fixture.js'
import { limited } from '../../tools/gateway/gateway-metrics.js'
import { endRuns, type Run, serveProcess, webSocketOf } from '../../tools/gateway/gateway-process.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { RawSocket } from '../../tools/gateway/raw-socket.js'
import { waitUntil } from '../../tools/wait-until.js'

const MIB = 1024 * 1024

let ensemble: DevEnsemble
let gateway: Run
let http: string
const sockets: RawSocket[] = []
beforeEach(async () => {
  ensemble = await startDevEnsemble()
  gateway = serveProcess(ensemble.connectString)
  http = await gateway.listening()
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.cut()
  await endRuns()
  await ensemble.close()
})

async function connect(from?: string): Promise<RawSocket> {
  const socket = await RawSocket.connect(http, from)
  sockets.push(socket)
  return socket
}

const GET = 'GET /healthz HTTP/1.1\r\nHost: gate.example\r\n\r\n'

const ended = (socket: RawSocket) =>
  waitUntil('the socket is ended', () => socket.state === 'ended', { intervalMs: 5, timeoutMs: 20_000 })

const answers = ({ received }: RawSocket) => received.match(/HTTP\/1\.1 \d+/g) ?? []

describe('a connection', () => {
  it('serves one request, and reads nothing behind it', async () => {
    const socket = await connect()
    socket.socket.write(GET)
    await waitUntil('it is answered', () => socket.received.includes('ok\n'))
    socket.socket.write(GET)
    await ended(socket)
    expect(answers(socket)).toEqual(['HTTP/1.1 200'])
    expect(socket.received).toContain('\r\nConnection: close\r\n')
  })

  it('answers only the first of thousands of pipelined requests', async () => {
    const flood = GET.repeat(Math.floor(65_536 / GET.length))
    const before = gateway.cpuMs()
    const crowd = await Promise.all(Array.from({ length: 190 }, () => connect()))
    for (const { socket } of crowd) socket.write(flood)
    await Promise.all(crowd.map(ended))
    const spentMs = gateway.cpuMs() - before
    // A connection would take 20 ms and more if all of its requests were read.
    console.log(`190 connections with ${flood.length / GET.length} requests each: ${spentMs} ms of CPU`)
    expect(new Set(crowd.map((socket) => answers(socket).join()))).toEqual(new Set(['HTTP/1.1 200']))
  })

  it('gets metrics that are as new as its request, however often they are asked for', async () => {
    const texts = await Promise.all(
      Array.from({ length: 100 }, async () => (await fetch(`${http}/metrics`)).text()),
    )
    expect(texts.every((text) => text.includes('zoogate_connections 0'))).toBe(true)
    const page = await RawPage.connect(webSocketOf(http), { token: token() })
    const text = await (await fetch(`${http}/metrics`)).text()
    expect(text).toContain('zoogate_connections 1')
    page.cut()
  })
})

describe('unfinished hellos', () => {
  /** The head of a text message of this length, masked with zeros, and its bytes except for the last one. */
  function unfinished(bytes: number): Buffer {
    const head = Buffer.alloc(14)
    head.writeUInt16BE(0x81ff)
    head.writeBigUInt64BE(BigInt(bytes), 2)
    return Buffer.concat([head, Buffer.alloc(bytes - 1, ' ')])
  }

  it('fill a bounded memory: the largest are evicted, and an honest page comes in', async () => {
    const url = webSocketOf(http)
    const warm = await RawPage.connect(url, { token: token('warm') })
    const bare = gateway.residentBytes()
    const hello = unfinished(1_500_000)
    let most = 0
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(
        Array.from({ length: 100 }, async () => {
          const socket = await connect(`127.0.3.${1 + round}`)
          expect(await socket.upgrade()).toBe(101)
          socket.socket.write(hello)
        }),
      )
      most = Math.max(most, gateway.residentBytes() - bare)
    }
    await waitUntil('most of them are evicted', async () => {
      most = Math.max(most, gateway.residentBytes() - bare)
      return (await limited(http, 'maxUnauthenticatedBytes')) > 900
    })
    const page = await RawPage.connect(url, { token: token('late') })
    expect(await page.call('exists', { path: '/' })).toMatchObject({ type: 'reply' })
    console.log(`1,000 hellos of 1.5 MB without an end: ${Math.round(most / MIB)} MiB at most`)
    // They would be 1,430 MiB; 64 are allowed, and the collector takes its time.
    expect(most).toBeLessThan(500 * MIB)
    expect([warm.closedWith, page.closedWith]).toEqual([null, null])
  })
})
