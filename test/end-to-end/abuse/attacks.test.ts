import { createConnection } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import { CLOSE_CODES, type Operation, type Operations } from 'zoogate-client/protocol'
import { closeGateways, SECRET, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { waitUntil } from '../../tools/wait-until.js'
import { frame, int, long } from '../../tools/zookeeper-link/fake-server.js'

// The table of attacks, and the tests that show each to fail. Paths begin at test/.
//
//   a web page of another site             end-to-end/life/gateway.test.ts; with a cookie: unit/server/access/request.test.ts
//   a token in the address                 here
//   another algorithm than the key's       unit/server/access/authenticate.test.ts, unit/server/access/jwks.test.ts
//   the resume token of another subject    end-to-end/life/session-life.test.ts
//   a resume token that is played again    here; across gateways: end-to-end/life/failover.test.ts
//   a session id with its password         here
//   a path that leaves the chroot          here; any path: unit/server/access/access-properties.test.ts; any frame: fuzz/
//   a forbidden part in a multi            unit/server/access/access.test.ts, end-to-end/life/all-operations.test.ts
//   a recursive watch over forbidden nodes unit/server/access/access.test.ts; in a resume: unit/server/access/resume-token.test.ts
//   the session ids of others              here; any frame: fuzz/
//   the deletion of another's node         end-to-end/access/access-at-gateway.test.ts; without the gateway:
//                                            end-to-end/access/identity.test.ts
//   prototype pollution                    fuzz/, end-to-end/abuse/hostile-frames.test.ts
//   a decompression bomb                   end-to-end/abuse/attacks-on-the-wire.test.ts
//   a reply of enormous length             end-to-end/abuse/attacks-on-the-wire.test.ts
//   line breaks in the log                 end-to-end/abuse/attacks-on-the-wire.test.ts
//   secrets in the log and in metrics      end-to-end/access/token-life.test.ts, end-to-end/access/tokens.test.ts
//   a slow upgrade and a slow hello        end-to-end/abuse/limits.test.ts; unfinished hellos: end-to-end/abuse/requests.test.ts
//   10,000 silent sockets                  end-to-end/abuse/crowd.long.test.ts
//   a flood beside a well-behaved page     end-to-end/abuse/flood.long.test.ts; of requests: end-to-end/abuse/requests.test.ts
//   a page that never reads                end-to-end/life/gateway.test.ts, end-to-end/abuse/unread.test.ts
//   a flood that outlives its page         end-to-end/abuse/limits.test.ts
//   a hello full of faults                 unit/server/wire/protocol.test.ts
//   empty frames, half-closed sockets      end-to-end/abuse/unread.test.ts
//   a zxid from the future                 end-to-end/abuse/zxid-from-the-future.test.ts
//   sessions detached and resumed in turn  end-to-end/abuse/limits.test.ts
//   a node that is hidden to stay in views end-to-end/views/views-hidden-nodes.test.ts
//   a list that shuts others out           unit/server/access/access.test.ts
//   a token from the future                end-to-end/access/token-life.test.ts
//   all of it at once                      siege/

let ensemble: DevEnsemble
beforeEach(async () => {
  ensemble = await startDevEnsemble({ servers: 1, tickTimeMs: 500 })
})
afterEach(async () => {
  await closeGateways()
  await ensemble.close()
})

/** The password that ZooKeeper gives a session: `new java.util.Random(id ^ 0xB3415C00).nextBytes(16)`. */
function guessedPassword(id: bigint): Buffer {
  const mask = (1n << 48n) - 1n
  let seed = (id ^ 0xb3415c00n ^ 0x5deece66dn) & mask
  const words = Array.from({ length: 4 }, () => {
    seed = (seed * 0x5deece66dn + 0xbn) & mask
    const word = Buffer.alloc(4)
    word.writeUInt32LE(Number(seed >> 16n))
    return word
  })
  return Buffer.concat(words)
}

/** Asks the ensemble itself to attach a session. @returns the timeout in its answer, 0 for a refusal */
function attachDirectly(port: number, id: bigint, password: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port })
    socket.once('error', reject)
    socket.once('data', (answer) => {
      socket.destroy()
      resolve(answer.readInt32BE(8))
    })
    socket.write(frame(int(0), long(0n), int(4000), long(id), int(16), password, Buffer.of(0)))
  })
}

describe('a token in the address', () => {
  it('is ignored, so that the connection ends without a hello', async () => {
    const { url } = await startGateway(ensemble.connectString, { limits: { helloTimeoutMs: 200 } })
    const good = token()
    const page = await RawPage.open(`${url}?token=${good}&access_token=${good}&jwt=${good}`, {
      headers: { authorization: `Bearer ${good}`, cookie: `token=${good}` },
    })
    expect(await page.closed()).toBe(CLOSE_CODES.HELLO_TIMEOUT)
    expect(page.messages.map(({ type }) => type)).toEqual(['closed'])
  })

  it('does not replace the token of a hello', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const page = await RawPage.open(`${url}?token=${token()}`)
    page.hello({ token: 'forged' })
    expect(await page.closed()).toBe(CLOSE_CODES.TOKEN_INVALID)
  })
})

describe('a resume token played again', () => {
  it('is refused for another subject, and ends the earlier connection of its own subject', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const first = await RawPage.connect(url, { token: token() })
    const stolen = await first.resume()
    const holder = await RawPage.connect(url, { token: token(), resume: stolen })
    expect(await first.closed()).toBe(CLOSE_CODES.TAKEN_OVER)

    const thief = await RawPage.open(url)
    thief.hello({ token: token('mallory'), resume: stolen })
    expect(await thief.closed()).toBe(CLOSE_CODES.RESUME_REFUSED)
    expect(await holder.call('exists', { path: '/' })).toMatchObject({ type: 'reply' })

    const elsewhere = await RawPage.connect(url, { token: token(), resume: stolen })
    expect(await elsewhere.session()).toMatchObject({ resumed: true })
    expect(await holder.closed()).toBe(CLOSE_CODES.TAKEN_OVER)
    expect(holder.messages.at(-1)).toMatchObject({ type: 'closed', code: CLOSE_CODES.TAKEN_OVER })
  })
})

describe('a session id with the password that is computed from it', () => {
  it('attaches at the ensemble itself, and is refused at the gateway', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const victim = await RawPage.connect(url, { token: token('victim') })
    await victim.call('create', { path: '/of-victim', mode: 'ephemeral' })
    const hexId = (await victim.session()).id
    const id = BigInt(hexId)
    const password = guessedPassword(id)

    const fields = [long(id).toString('base64'), password.toString('base64'), 'mallory', '', Date.now(), 1]
    const plain = Buffer.from(JSON.stringify(fields))
    const sealedAlike = (keyId: number) =>
      Buffer.concat([Buffer.of(1), int(keyId), Buffer.alloc(12), plain, Buffer.alloc(16)]).toString(
        'base64url',
      )
    const realKeyId = Buffer.from((await victim.session()).resumeToken, 'base64url').readInt32BE(1)
    const guesses = [
      hexId,
      `${hexId}:${password.toString('hex')}`,
      Buffer.concat([long(id), password]).toString('base64url'),
      plain.toString('base64url'),
      sealedAlike(0),
      sealedAlike(realKeyId),
    ]
    for (const guess of guesses) {
      const page = await RawPage.open(url)
      const resume = { token: guess, zxid: '0x0', watches: { data: [], exist: [], child: [] } }
      page.hello({ token: token('mallory'), resume })
      expect(await page.closed(), guess).toBe(CLOSE_CODES.RESUME_REFUSED)
    }

    // Fields that a ZooKeeper client would send mean nothing here: this opens a session of its own.
    const page = await RawPage.open(url)
    const claim = {
      sessionId: hexId,
      id: hexId,
      password: password.toString('base64'),
      passwd: [...password],
    }
    page.send({ type: 'hello', token: token('mallory', claim), timeoutMs: 4000, ...claim })
    expect((await page.session()).id).not.toBe(hexId)
    expect(await page.call('exists', { path: '/of-victim' })).toMatchObject({
      result: { stat: { owner: 'other' } },
    })
    expect(await victim.call('exists', { path: '/of-victim' })).toMatchObject({
      result: { stat: { owner: 'mine' } },
    })
    expect(victim.messages.filter(({ type }) => type === 'suspended' || type === 'session')).toHaveLength(1)

    // The guess was right.
    const port = Number(ensemble.connectString.split(':').at(-1))
    expect(await attachDirectly(port, id, guessedPassword(id ^ 1n))).toBe(0)
    expect(await attachDirectly(port, id, password)).toBe(4000)
  })
})

describe('a path that leaves the chroot', () => {
  const TRICKS = [
    '/..',
    '/../b',
    '/../../b',
    '/x/../../b',
    '/x/../../../b',
    '/./../b',
    '/x/..',
    '//b',
    '/x//../b',
    '..',
    'b',
    '',
    '/x/',
    '/x/./b',
    '/\u0000/../b',
    '/x\u0000',
    '/x\n/../b',
    '/\ud800/../b',
  ]
  const OPERATIONS: { [O in Operation]?: (path: string) => Operations[O] } = {
    create: (path) => ({ path }),
    delete: (path) => ({ path }),
    exists: (path) => ({ path, watch: true }),
    getData: (path) => ({ path, watch: true }),
    setData: (path) => ({ path, data: 'pwned' }),
    getChildren: (path) => ({ path, watch: true }),
    getACL: (path) => ({ path }),
    setACL: (path) => ({ path, acl: [{ scheme: 'world', id: 'anyone', permissions: ['read'] }] }),
    sync: (path) => ({ path }),
    getEphemerals: (path) => ({ path }),
    multi: (path) => ({
      parts: [
        { op: 'check', path: '/' },
        { op: 'setData', path, data: 'pwned' },
      ],
    }),
    addWatch: (path) => ({ path, recursive: true }),
    removeWatch: (path) => ({ path }),
  }

  it.each(Object.entries(OPERATIONS))('is refused by %s, whatever the trick', async (op, fields) => {
    const { url } = await startGateway(ensemble.connectString)
    const admin = await RawPage.connect(url, { token: token('admin') })
    for (const path of ['/tenants', '/tenants/a', '/tenants/b', '/tenants/a/x'])
      await admin.call('create', { path })
    const page = await RawPage.connect(url, { token: token('mallory', { zk: { chroot: '/tenants/a' } }) })
    for (const path of TRICKS) {
      const answer = await page.call(op as Operation, fields(path))
      expect(answer, JSON.stringify(path)).toMatchObject({
        error: { code: 'BAD_REQUEST', outcome: 'not_executed' },
      })
    }
    expect(await admin.call('getData', { path: '/tenants/b' })).toMatchObject({
      result: { data: '', stat: { version: 0, aversion: 0 } },
    })
    expect(await admin.call('getChildren', { path: '/tenants' })).toMatchObject({
      result: { children: ['a', 'b'] },
    })
  })

  it.each(['data', 'exist', 'child', 'persistent', 'recursive'] as const)(
    'is refused among the %s watches of a resume',
    async (list) => {
      const { url } = await startGateway(ensemble.connectString)
      const admin = await RawPage.connect(url, { token: token('admin') })
      for (const path of ['/tenants', '/tenants/a']) await admin.call('create', { path })
      const inside = token('mallory', { zk: { chroot: '/tenants/a' } })
      const page = await RawPage.connect(url, { token: inside })
      const resume = await page.resume({ [list]: ['/../b'] })
      const again = await RawPage.open(url)
      again.hello({ token: inside, resume })
      expect(await again.closed()).toBe(CLOSE_CODES.RESUME_REFUSED)
    },
  )
})

describe('the session ids of others', () => {
  it('stand in no frame, however a page asks for them', async () => {
    const { url } = await startGateway(ensemble.connectString)
    const victim = await RawPage.connect(url, { token: token('victim') })
    await victim.call('create', { path: '/room' })
    await victim.call('create', { path: '/room/victim', mode: 'ephemeral', data: 'hello' })
    const page = await RawPage.connect(url, { token: token('mallory') })
    const frames: string[] = []
    page.socket.on('message', (bytes: Buffer) => frames.push(bytes.toString('utf8')))

    const path = '/room/victim'
    await page.call('addWatch', { path: '/', recursive: true })
    await page.call('exists', { path, watch: true })
    await page.call('getData', { path, watch: true })
    await page.call('getChildren', { path })
    await page.call('getACL', { path })
    await page.call('getEphemerals', { path: '/' })
    await page.call('whoAmI', {})
    await page.call('setData', { path, data: 'changed' })
    await page.call('create', { path })
    await page.call('create', { path: `${path}/below` })
    await page.call('multi', {
      parts: [
        { op: 'check', path },
        { op: 'setData', path, data: 'again' },
      ],
    })
    await page.call('multi', { parts: [{ op: 'check', path, version: 99 }] })
    await page.call('getChildren', { path: '/zookeeper' })
    victim.send({ type: 'close' })
    await waitUntil('the end of the node is told', () => frames.some((text) => text.includes('NodeDeleted')))

    const told = frames.join('\n')
    expect(told).toContain('"owner":"other"')
    const { id } = await victim.session()
    const bytes = long(BigInt(id))
    const password = guessedPassword(BigInt(id))
    const spellings = [
      id.slice(2),
      BigInt(id).toString(),
      ...['hex', 'base64', 'base64url'].flatMap((encoding) =>
        [bytes, password].map((secret) => secret.toString(encoding as BufferEncoding)),
      ),
    ]
    for (const spelling of [...spellings, SECRET]) expect(told).not.toContain(spelling)
  })
})
