import { createHmac, randomBytes } from 'node:crypto'
import { RawPage } from '../tools/gateway/raw-page.js'
import { RawSocket } from '../tools/gateway/raw-socket.js'
import { type Attack, type Attacker, times } from './attack.js'

// Attacks without a token.

const MESSAGE_BYTES = 1_500_000
const CHUNK_BYTES = 65_536

/** Connections from one address at a time. A few are refused, which is the point. */
async function sockets({ http, from }: Attacker, count: number): Promise<RawSocket[]> {
  return times(count, () => RawSocket.connect(http, from))
}

async function withSockets(
  attacker: Attacker,
  count: number,
  use: (socket: RawSocket) => unknown,
  holdMs: number,
): Promise<void> {
  const crowd = await sockets(attacker, count)
  try {
    await Promise.all(crowd.map(use))
    await attacker.hold(holdMs)
  } finally {
    for (const socket of crowd) socket.cut()
  }
}

const write = (socket: RawSocket, bytes: string | Buffer) => {
  if (socket.state === 'open') socket.socket.write(bytes)
}

/** The head of a masked frame. */
function head(opcode: number, bytes: number): Buffer {
  const frame = Buffer.alloc(14)
  frame.writeUInt16BE(((0x80 | opcode) << 8) | 0xff)
  frame.writeBigUInt64BE(BigInt(bytes), 2)
  return frame
}

const UNFINISHED = Buffer.concat([head(1, MESSAGE_BYTES), Buffer.alloc(MESSAGE_BYTES - 1, ' ')])

/** A first fragment, and thousands that carry one byte each. */
const FRAGMENTS = Buffer.concat([
  Buffer.of(0x01, 0x81, 0, 0, 0, 0, 0x20),
  ...Array.from({ length: 9_000 }, () => Buffer.of(0x00, 0x81, 0, 0, 0, 0, 0x20)),
])

const PONGS = Buffer.concat(Array.from({ length: 10_000 }, () => Buffer.of(0x8a, 0x80, 0, 0, 0, 0)))

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

function forged(algorithm: string, claims: object, key: string): string {
  const text = `${base64url({ alg: algorithm, typ: 'JWT', kid: '../../dev/null' })}.${base64url(claims)}`
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
}

const FORGED = [
  'x',
  'a.b.c',
  forged('none', { sub: 'honest-1' }, ''),
  forged('HS256', { sub: 'honest-1' }, 'another secret'),
  forged('HS512', { sub: 'honest-1' }, ''),
  `${base64url({ alg: 'none' })}.${base64url({ sub: 'honest-1' })}.`,
  'ey'.repeat(8_000),
]

async function refused(attacker: Attacker, token: string): Promise<void> {
  const page = await RawPage.open(attacker.url, { from: attacker.from })
  page.hello({ token })
  const code = await page.closed(20_000)
  if (page.messages.some(({ type }) => type === 'session')) throw new Error(`a session for ${token}`)
  if (code < 4000) throw new Error(`closed with ${code}, not with a verdict`)
}

export const DOOR_ATTACKS: Record<string, Attack> = {
  'WebSockets that say nothing': (attacker) =>
    withSockets(attacker, 100, (socket) => socket.upgrade(), 6_000),
  'requests that never end': (attacker) =>
    withSockets(
      attacker,
      40,
      async (socket) => {
        write(socket, 'GET /zoogate HTTP/1.1\r\nHost: a\r\n')
        for (let at = 0; at < 20; at += 1) {
          await attacker.hold(100)
          write(socket, 'X')
        }
      },
      1_000,
    ),
  'hellos without an end': (attacker) =>
    withSockets(
      attacker,
      20,
      async (socket) => {
        if ((await socket.upgrade()) === 101) write(socket, UNFINISHED)
      },
      2_000,
    ),
  'thousands of fragments': (attacker) =>
    withSockets(
      attacker,
      10,
      async (socket) => {
        if ((await socket.upgrade()) === 101) write(socket, FRAGMENTS)
      },
      2_000,
    ),
  'hellos full of faults': async ({ url, from }) => {
    const watches = { data: Array.from({ length: 300_000 }, () => 1), exist: [], child: [] }
    const page = await RawPage.open(url, { from })
    page.hello({ token: 'x', resume: { token: 'x', zxid: '0x0', watches } } as never)
    if ((await page.closed(20_000)) < 4000) throw new Error('a wrong hello got no verdict')
  },
  'control frames before a hello': (attacker) =>
    withSockets(
      attacker,
      10,
      async (socket) => {
        if ((await socket.upgrade()) === 101) write(socket, PONGS)
      },
      500,
    ),
  'noise instead of frames': (attacker) =>
    withSockets(
      attacker,
      20,
      async (socket) => {
        await socket.upgrade()
        write(socket, randomBytes(2_000))
      },
      500,
    ),
  'noise instead of requests': (attacker) =>
    withSockets(attacker, 20, (socket) => write(socket, randomBytes(CHUNK_BYTES)), 200),
  'pipelined requests': (attacker) =>
    withSockets(
      attacker,
      20,
      (socket) => write(socket, 'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1_500)),
      200,
    ),
  'metrics, again and again': async ({ http, from }) => {
    for (let round = 0; round < 20; round += 1) {
      await times(10, async () => {
        const socket = await RawSocket.connect(http, from)
        socket.socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n')
        await new Promise((resolve) => socket.socket.once('close', resolve))
      })
    }
  },
  'connections that are reset in the middle': async (attacker) => {
    for (const socket of await sockets(attacker, 30)) {
      write(socket, 'GET /zoogate HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n')
      socket.socket.resetAndDestroy()
    }
  },
  'forged tokens': async (attacker) => {
    for (const token of FORGED) await refused(attacker, token)
  },
  'pages of another site': async ({ url, from, token }) => {
    const page = await RawPage.open(url, { from, origin: 'https://evil.example' })
    page.hello({ token: token('mallory') })
    if ((await page.closed(20_000)) < 4000) throw new Error('another origin got no verdict')
  },
}
