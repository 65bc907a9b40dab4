import { randomBytes } from 'node:crypto'
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { deflateRawSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import { CLOSE_CODES, SUBPROTOCOL } from 'zoogate-client/protocol'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { endRuns, serveProcess, webSocketOf } from '../../tools/gateway/gateway-process.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { waitUntil } from '../../tools/wait-until.js'
import { FakeServer, int, OP } from '../../tools/zookeeper-link/fake-server.js'

// Attacks below the level of messages: on frames, on the link to the ensemble, and on the log.

let ensemble: DevEnsemble
beforeEach(async () => {
  ensemble = await startDevEnsemble({ servers: 1, tickTimeMs: 500 })
})
afterEach(async () => {
  await endRuns()
  await closeGateways()
  await ensemble.close()
})

interface Upgraded {
  response: IncomingMessage
  socket: Socket
}

/** A WebSocket without a library, since a library sends no broken frames. */
function upgrade(url: string, headers: Record<string, string>): Promise<Upgraded> {
  return new Promise((resolve, reject) => {
    const asked = request(url.replace('ws', 'http'), {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
        'sec-websocket-protocol': SUBPROTOCOL,
        ...headers,
      },
    })
    asked.once('upgrade', (response, socket) => resolve({ response, socket: socket as Socket }))
    asked.once('error', reject)
    asked.end()
  })
}

/** A final text frame under a mask of zeros. */
function textFrame(payload: Buffer, { compressed }: { compressed: boolean }): Buffer {
  const length = Buffer.alloc(8)
  length.writeBigUInt64BE(BigInt(payload.length))
  const head = Buffer.of(compressed ? 0xc1 : 0x81, 0x80 | 127)
  return Buffer.concat([head, length, Buffer.alloc(4), payload])
}

/** The code of the close frame that follows, whatever comes before it; the socket is closed then. */
async function closeCode(socket: Socket): Promise<number> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  // A reset says the same as an end here: the other side has hung up.
  socket.on('error', () => socket.destroy())
  await waitUntil('the gateway hangs up', () => socket.readableEnded || socket.destroyed, { intervalMs: 5 })
  const bytes = Buffer.concat(chunks)
  return bytes.readUInt16BE(bytes.indexOf(0x88) + 2)
}

const PROTOCOL_ERROR = 1002
const TOO_BIG = 1009

describe('a decompression bomb', () => {
  const extensions = { 'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits' }
  const bomb = Buffer.alloc(64 * 1024 * 1024, 'a')

  it('is not inflated, since the gateway accepts no compression and no compressed frame', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const { response, socket } = await upgrade(url, extensions)
    expect(response.headers).not.toHaveProperty('sec-websocket-extensions')
    expect(response.headers).toMatchObject({ 'sec-websocket-protocol': SUBPROTOCOL })
    socket.write(textFrame(deflateRawSync(bomb), { compressed: true }))
    expect(await closeCode(socket)).toBe(PROTOCOL_ERROR)
  })

  it('is bounded by the largest message that is allowed', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const { socket } = await upgrade(url, extensions)
    // The gateway closes at the length in the frame's head, before the body arrives.
    socket.write(textFrame(bomb, { compressed: false }).subarray(0, 1000))
    expect(await closeCode(socket)).toBe(TOO_BIG)
  })
})

describe('an answer of the ensemble with an enormous length', () => {
  it.each([2 ** 31 - 1, -1])(
    'costs the link, no memory, and the session nothing: %i bytes',
    async (length) => {
      const liar = await FakeServer.start()
      const { url } = await startGateway(`127.0.0.1:${liar.port}`)
      const page = await RawPage.connect(url, { token: token() })
      const { id } = await page.session()
      const before = process.memoryUsage().rss
      liar.script = {
        connect: (connection, { sessionId }) => {
          liar.script = {}
          connection.greet({ id: sessionId })
        },
        request: (connection, { type }) => {
          if (type === OP.getData) connection.socket.write(Buffer.concat([int(length), Buffer.alloc(1000)]))
        },
      }
      expect(await page.call('getData', { path: '/a' })).toMatchObject({ error: { code: 'CONNECTION_LOSS' } })
      expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024)
      await waitUntil('the session is attached again', () => sessionsOf(page).length === 2, { intervalMs: 5 })
      expect(sessionsOf(page).at(-1)).toMatchObject({ id, resumed: true })
      expect(await page.call('getData', { path: '/a' })).toMatchObject({ type: 'reply' })
      page.cut()
      await closeGateways()
      await liar.close()
    },
  )
})

const sessionsOf = (page: RawPage) => page.messages.filter(({ type }) => type === 'session')

describe('line breaks and escapes in what strangers send', () => {
  const FORGED = '{"level":50,"msg":"forged"}'
  const HOSTILE = `x\n${FORGED}\r\n\u001b[31mred\u001b[0m\u0000\u2028\u0085`

  it('make no line of the log, in which each line stays one JSON object', async () => {
    const gateway = serveProcess(ensemble.connectString, { ZOOGATE_LOG_LEVEL: 'debug' })
    const url = webSocketOf(await gateway.listening())
    // A header can carry tabs and bytes above ASCII, and no line breaks.
    const headers = {
      'user-agent': '\t\u009b31m',
      'x-forwarded-for': '\u009b31m\t, 1.2.3.4',
      cookie: 'a=\u009b',
    }
    const page = await RawPage.open(url, { headers })
    page.hello({ token: token(HOSTILE) })
    await page.session()
    await page.call('create', { path: `/${HOSTILE}`, data: HOSTILE })
    await page.call('create', { path: '/a', acl: [{ scheme: HOSTILE, id: HOSTILE, permissions: ['read'] }] })
    ensemble.cutLinks()
    await page.next(({ type }) => type === 'suspended')
    for (const hello of [{ token: HOSTILE }, { token: token('x', { zk: { chroot: `/${HOSTILE}` } }) }]) {
      const refused = await RawPage.open(url, { headers })
      refused.hello(hello)
      await refused.closed()
    }
    const { socket } = await upgrade(`${url}?${encodeURIComponent(HOSTILE)}`, headers)
    socket.write(textFrame(Buffer.from(HOSTILE), { compressed: true }))
    expect(await closeCode(socket)).toBe(PROTOCOL_ERROR)

    const lines = () => gateway.stderr.split('\n').filter((line) => line !== '')
    await waitUntil('the link and the broken frame are in the log', () => {
      return gateway.stderr.includes('ensemble link lost') && gateway.stderr.includes('WebSocket error')
    })
    for (const line of lines()) {
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number), msg: expect.any(String) })
      expect(line).not.toMatch(/\p{Cc}/u)
      expect(line).not.toContain('forged')
    }
    expect(gateway.stdout.split('\n').filter((line) => line !== '')).toHaveLength(1)
  })

  it('do not leave the reason of a close frame', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const page = await RawPage.open(url)
    const reasons: string[] = []
    page.socket.on('close', (_, reason) => reasons.push(reason.toString('utf8')))
    page.hello({ token: token('ada', { zk: { rules: [{ path: `/${HOSTILE}`, allow: ['read'] }] } }) })
    expect(await page.closed()).toBe(CLOSE_CODES.FORBIDDEN)
    expect(reasons.join()).toMatch(/^[\x20-\x7e]+$/)
  })
})
