import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from '../../server/src/dev-ensemble/index.js'
import { RECORD } from '../../server/src/dev-ensemble/protocol.js'
import { encodeFrame } from '../../server/src/dev-ensemble/records.js'
import { RawClient } from '../tools/conformance/raw-client.js'
import { heapAfterCollection } from '../tools/heap.js'
import { seededRandom } from '../tools/seeded-random.js'
import { waitUntil } from '../tools/wait-until.js'
import { FUZZ_TIMEOUT_MS, inputs } from './effort.js'

const FRAMES = inputs ?? 10_000
const SEED = Number(process.env.ZOOGATE_FUZZ_SEED ?? 1)

/** As many at a time as the machine takes without effort. */
const AT_ONCE = 50

/** 10,000 connections may leave this behind: about 200 bytes each, less than any leak of a connection. */
const MOST_MEMORY_GROWTH_BYTES = 2 * 1024 * 1024

const next = seededRandom(SEED)
/** An integer from 0 to `limit` - 1. */
const random = (limit: number) => Math.floor(next() * limit)

const randomBytes = (count: number) => Buffer.from(Array.from({ length: count }, () => random(256)))

const int = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value | 0)
  return bytes
}

const greeting = encodeFrame(
  RECORD.connectRequest.of({
    protocolVersion: 0,
    lastZxidSeen: 0n,
    timeoutMs: 4000,
    sessionId: 0n,
    password: Buffer.alloc(16),
  }),
  null,
)

const TYPES = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 17, 18, 19, 21, 22, 100, 101, 103, 104, 105, 106, 107,
]
const LENGTHS = [-1, -2, -0x80000000, 0x7fffffff, 0x7ffffff0, 1024 * 1024, 5, 0]

const framed = (body: Buffer) => Buffer.concat([int(body.length), body])

/** A request that is good up to its header, and then lies. */
function lyingRequest(): Buffer {
  const type = TYPES[random(TYPES.length)] ?? 1
  const fields = Array.from({ length: 1 + random(4) }, () => {
    return random(2) === 0 ? int(LENGTHS[random(LENGTHS.length)] ?? 0) : randomBytes(random(12))
  })
  return framed(Buffer.concat([int(random(5) - 2), int(type), ...fields]))
}

const KINDS: (() => Buffer)[] = [
  () => randomBytes(1 + random(64)),
  () => int(LENGTHS[random(LENGTHS.length)] ?? 0),
  () => framed(randomBytes(random(40))),
  () => greeting.subarray(0, random(greeting.length)),
  () => Buffer.concat([greeting, randomBytes(random(64))]),
  () => Buffer.concat([greeting, lyingRequest(), lyingRequest(), lyingRequest()]),
  () => Buffer.concat([greeting, lyingRequest(), int(1000), randomBytes(random(100))]),
]

let ensemble: DevEnsemble
beforeAll(async () => {
  ensemble = await startDevEnsemble({ tickTimeMs: 200 })
})
afterAll(() => ensemble?.close())

/** Sends the bytes and ends its side; resolves when the server has ended its own. */
function send(bytes: Buffer, port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host: '127.0.0.1', port })
    socket.on('error', () => socket.destroy())
    socket.resume()
    socket.once('close', () => resolve())
    socket.end(bytes)
  })
}

it(
  `the in-memory ensemble serves a client beside ${FRAMES} malformed frames (seed ${SEED}), and its memory stays flat`,
  async () => {
    const zk = await RawClient.connect(ensemble.ports[0] ?? 0)
    await zk.create('/canary')
    await round(FRAMES / 10, zk)
    const before = await memoryInUse(zk)
    await round(FRAMES, zk)
    expect((await memoryInUse(zk)) - before).toBeLessThan(MOST_MEMORY_GROWTH_BYTES)
    expect(await zk.events()).toEqual([])
    await zk.close()
  },
  FUZZ_TIMEOUT_MS,
)

async function round(frames: number, zk: RawClient): Promise<void> {
  for (let sent = 0; sent < frames; sent += AT_ONCE) {
    const port = ensemble.ports[random(3)] ?? 0
    const batch = Array.from({ length: AT_ONCE }, () => send(KINDS[random(KINDS.length)]?.() ?? int(0), port))
    await Promise.all(batch)
    expect((await zk.exists('/canary')).err).toBe(0)
  }
}

/** Bytes in use, on the heap and in buffers, once every session and connection is gone. */
async function memoryInUse(zk: RawClient): Promise<number> {
  await waitUntil('every session but the own one has expired', async () => {
    // Which keeps the own one alive.
    await zk.sync()
    return ensemble.sessions().length === 1
  })
  return heapAfterCollection() + process.memoryUsage().arrayBuffers
}
