import { afterAll, beforeAll, expect, it } from 'vitest'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { heapAfterCollection } from '../../tools/heap.js'
import { describeWith } from '../../tools/requirements.js'
import { seededRandom } from '../../tools/seeded-random.js'
import { waitUntil } from '../../tools/wait-until.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

const FRAMES = 100_000
const SEED = 20_261_120

type Random = () => number

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T

const STRANGE: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  2 ** 53,
  -(2 ** 31) - 1,
  '',
  'x',
  [],
  {},
  [[]],
  { base64: '???' },
  { base64: 7 },
  { __proto__: null, toString: 1 },
]
const PATHS: readonly unknown[] = [
  '/..',
  '/a/../b',
  '/../../etc/passwd',
  '//',
  '/a//b',
  '/a/',
  '',
  'a',
  '/a\u0000b',
  '/\u{1f600}',
  '/\ud800',
  '/./a',
  `/${'a'.repeat(5000)}`,
  '/'.repeat(3000),
  ...STRANGE,
]
const FIELDS = ['path', 'data', 'mode', 'acl', 'version', 'watch', 'op', 'type'] as const
const OPS = ['create', 'delete', 'exists', 'getData', 'setData', 'getChildren'] as const

/** A call that cannot be executed, whose id can be read. */
function hostileCall(random: Random, id: number): string {
  const op = pick(random, OPS)
  const call: Record<string, unknown> = { type: 'call', op, path: pick(random, PATHS), data: 'x', version: 0 }
  const spoilt = pick(random, FIELDS)
  if (spoilt !== 'path' && random() < 0.7) call[spoilt] = pick(random, STRANGE)
  if (random() < 0.1) call.op = pick(random, ['__proto__', 'constructor', 'toString', 'eval', 'multi', ''])
  const text = JSON.stringify({ ...call, id })
  // Own keys with these names exist in JSON only.
  const poison = pick(random, [
    '',
    '"__proto__":{"id":-1,"admin":true},',
    '"constructor":{"prototype":{"x":1}},',
  ])
  return random() < 0.3 ? text.replace('{', `{${poison}`) : text
}

/** A frame without a usable id: the connection has to end. */
function unreadableFrame(random: Random): string {
  return pick(random, [
    () => '{',
    () => '',
    () => 'null',
    () => '[1,2,3]',
    () => '"hello"',
    () => '1e999',
    () => '['.repeat(1000 + Math.floor(random() * 20_000)),
    () => `${'[{"a":'.repeat(2000)}1${'}]'.repeat(2000)}`,
    () => '{"type":"call","op":"exists","path":"/"}',
    () => '{"type":"call","id":99999999999999999999,"op":"exists","path":"/"}',
    () => '{"type":"hello"}',
    () => '{"type":"ping"}',
    () => '\u0000\u0001\u0002',
    () => String.fromCharCode(...Array.from({ length: 50 }, () => Math.floor(random() * 0xd7ff))),
  ])()
}

describeWith('zookeeper')('a gateway under hostile frames', () => {
  let ensemble: RealEnsemble
  beforeAll(async () => {
    ensemble = await realEnsemble(1)
  })
  afterAll(async () => {
    await closeGateways()
    await ensemble.close()
  })

  it(`answers or ends each of ${FRAMES}, and other sessions notice nothing`, async () => {
    // This test counts how each frame is answered, so the rates do not limit it.
    const limits = {
      maxMessagesPerSecond: 1_000_000,
      maxBytesPerSecond: 1_000_000_000,
      maxMessagesPerSecondPerSubject: 1_000_000,
      maxBytesPerSecondPerSubject: 1_000_000_000,
      maxSessionsPerSubject: 1_000,
    }
    const { url } = await startGateway(ensemble.connectString, { limits })
    const random = seededRandom(SEED)
    const bystander = await RawPage.connect(url, { token: token('bystander') })
    await bystander.call('create', { path: '/bystander', mode: 'ephemeral' })
    const { id } = await bystander.session()

    const run = async (frames: number, from: number) => {
      let page = await RawPage.connect(url, { token: token('mallory'), timeoutMs: 20_000 })
      for (let sent = 0; sent < frames; ) {
        const batch = Math.min(500, frames - sent)
        page.messages.length = 0
        for (let at = 0; at < batch; at += 1) page.sendText(hostileCall(random, from + sent + at))
        const answered = () => page.messages.filter((m) => m.type === 'error' || m.type === 'reply')
        await waitUntil('every call is answered', () => answered().length >= batch, { intervalMs: 2 })
        const ids = answered().map((message) => 'id' in message && message.id)
        expect(ids.sort((a, b) => Number(a) - Number(b))).toEqual(
          Array.from({ length: batch }, (_, at) => from + sent + at),
        )
        sent += batch
        page.sendText(unreadableFrame(random))
        expect(await page.closed()).toBe(CLOSE_CODES.BAD_MESSAGE)
        page = await RawPage.connect(url, { token: token('mallory'), timeoutMs: 20_000 })
      }
      page.cut()
    }

    await run(20_000, 0)
    const before = heapAfterCollection()
    await run(FRAMES - 20_000, 20_000)
    const grown = heapAfterCollection() - before

    expect(grown).toBeLessThan(8 * 1024 * 1024)
    expect(Object.prototype).not.toHaveProperty('admin')
    expect((await bystander.session()).id).toBe(id)
    expect(bystander.messages.filter(({ type }) => type !== 'ping').map(({ type }) => type)).toEqual([
      'session',
      'reply',
    ])
    expect(await bystander.call('exists', { path: '/bystander' })).toMatchObject({
      result: { stat: { owner: 'mine' } },
    })
  }, 180_000)
})
