import fc from 'fast-check'
import type { Resume } from 'zoogate-client/protocol'
import { pageSteps } from '../fuzz/page-steps.js'
import { RawPage } from '../tools/gateway/raw-page.js'
import { type Attack, type Attacker, pick, times } from './attack.js'

// Attacks with a token. The attackers share a few subjects, and so the quotas of these.

const SUBJECTS = ['mallory', 'trudy', 'eve']
const SESSION_TIMEOUT_MS = 4_000

/** A page with a session; null where the gateway has no room for it, or the attackers have taken it. */
async function open(attacker: Attacker, sub = pick(attacker.random, SUBJECTS)): Promise<RawPage | null> {
  try {
    const page = await RawPage.open(attacker.url, { from: attacker.from })
    page.hello({ token: attacker.token(sub), timeoutMs: SESSION_TIMEOUT_MS })
    await page.session()
    return page
  } catch {
    return null // told to come later, which is an answer
  }
}

async function withPage(
  attacker: Attacker,
  use: (page: RawPage) => Promise<unknown>,
  sub?: string,
): Promise<void> {
  const page = await open(attacker, sub)
  if (page === null) return
  try {
    await use(page)
  } finally {
    page.cut()
  }
}

/** Sends without waiting for replies, while the bytes that the gateway has not read yet stay bounded. */
function flood(page: RawPage, count: number, message: (at: number) => unknown): void {
  for (let at = 0; at < count && page.closedWith === null; at += 1) page.send(message(at))
}

const own = (attacker: Attacker) => `/attack/${Math.floor(attacker.random() * 1e9)}`

export const TOKEN_ATTACKS: Record<string, Attack> = {
  'a flood of calls': (attacker) =>
    withPage(attacker, async (page) => {
      flood(page, 8_000, (id) => ({ type: 'call', id, op: 'exists', path: '/' }))
      await attacker.hold(3_000)
    }),
  'a flood of pings, and silence': (attacker) =>
    withPage(attacker, async (page) => {
      await page.call('create', { path: own(attacker), mode: 'ephemeral' })
      page.answers = false
      flood(page, 60_000, () => ({ type: 'ping', id: 0 }))
      await attacker.hold(8_000)
    }),
  'frames that say nothing': (attacker) =>
    withPage(attacker, async (page) => {
      for (let at = 0; at < 10_000 && page.closedWith === null; at += 1) page.sendText('[]')
      await attacker.hold(1_000)
    }),
  'fresh tokens, again and again': (attacker) =>
    withPage(
      attacker,
      async (page) => {
        const token = attacker.token('mallory')
        flood(page, 500, () => ({ type: 'token', token }))
        await attacker.hold(1_000)
      },
      'mallory',
    ),
  'zxids from the future': (attacker) =>
    withPage(
      attacker,
      async (page) => {
        const resume = { ...(await page.resume()), zxid: '0x7fffffffffffffff' as const }
        page.cut()
        const again = await RawPage.open(attacker.url, { from: attacker.from })
        again.hello({ token: attacker.token('mallory'), timeoutMs: SESSION_TIMEOUT_MS, resume })
        await attacker.hold(3_000)
        again.cut()
      },
      'mallory',
    ),
  'sessions let go of and taken up': async (attacker) => {
    const page = await open(attacker, 'trudy')
    if (page === null) return
    let resume = await page.resume()
    page.cut()
    for (let round = 0; round < 20; round += 1) {
      const again = await RawPage.open(attacker.url, { from: attacker.from })
      again.hello({ token: attacker.token('trudy'), timeoutMs: SESSION_TIMEOUT_MS, resume })
      const fresh = await again.session().catch(() => null)
      if (fresh !== null) resume = await again.resume()
      again.cut()
    }
  },
  'a last word, and nothing read': (attacker) =>
    withPage(attacker, async (page) => {
      const path = own(attacker)
      await page.call('create', { path, data: 'x'.repeat(500_000), mode: 'ephemeral' })
      page.socket.pause()
      flood(page, 30, (id) => ({ type: 'call', id: 1_000 + id, op: 'getData', path }))
      const { _socket: socket } = page.socket as unknown as { _socket: { end(): void } }
      socket.end()
      await attacker.hold(3_000)
    }),
  'large replies that the page does not read': (attacker) =>
    withPage(attacker, async (page) => {
      const path = own(attacker)
      await page.call('create', { path, data: 'x'.repeat(500_000), mode: 'ephemeral' })
      page.socket.pause()
      flood(page, 100, (id) => ({ type: 'call', id: 1_000 + id, op: 'getData', path }))
      await attacker.hold(3_000)
    }),
  'calls past every limit': (attacker) =>
    withPage(attacker, async (page) => {
      const path = own(attacker)
      const parts = Array.from({ length: 501 }, (_, at) => ({ op: 'create', path: `${path}-${at}` }))
      page.send({ type: 'call', id: 1, op: 'multi', parts })
      page.send({ type: 'call', id: 2, op: 'create', path, data: 'x'.repeat(1_200_000) })
      page.send({ type: 'call', id: 3, op: 'create', path: '/attack/deep'.padEnd(2_000, '/x') })
      page.send({ type: 'call', id: 4, op: 'create', path: `/${'x'.repeat(5_000)}` })
      page.send(Array.from({ length: 1_001 }, (_, id) => ({ type: 'ping', id })))
      await page.closed(20_000)
    }),
  'what the rules forbid': (attacker) =>
    withPage(attacker, async (page) => {
      const path = `/rooms/0/honest-${Math.floor(attacker.random() * 20)}`
      for (const answer of [
        await page.call('delete', { path }),
        await page.call('setData', { path, data: 'defaced' }),
        await page.call('addWatch', { path: '/', recursive: true }),
        await page.call('multi', { parts: [{ op: 'delete', path }] }),
        await page.call('create', { path: '/attack/../rooms/0/mallory' }),
      ]) {
        if (answer.type !== 'error') throw new Error(`allowed: ${JSON.stringify(answer)}`)
      }
    }),
  'watches and views in thousands': (attacker) =>
    withPage(attacker, async (page) => {
      flood(page, 300, (id) => ({
        type: 'call',
        id,
        op: 'addWatch',
        path: `/attack/w${id}`,
        recursive: true,
      }))
      flood(page, 300, (id) => ({
        type: 'call',
        id: 1_000 + id,
        op: 'openView',
        path: `/attack/v${id}`,
        data: true,
      }))
      flood(page, 100, (view) => ({ type: 'call', id: 2_000 + view, op: 'closeView', view }))
      await attacker.hold(1_000)
    }),
  'control frames in thousands': (attacker) =>
    withPage(attacker, async (page) => {
      for (let at = 0; at < 5_000; at += 1) page.socket.ping('x'.repeat(125))
      await attacker.hold(500)
      page.socket.send(Buffer.alloc(10))
      await page.closed(20_000)
    }),
  'sessions, opened and left': async (attacker) => {
    for (let round = 0; round < 5; round += 1) {
      const pages = await times(4, () => open(attacker))
      for (const [at, page] of pages.entries()) {
        if (at % 2 === 0) page?.send({ type: 'close' })
        else page?.cut()
      }
    }
  },
  'all sessions of a subject': async (attacker) => {
    const pages = await times(60, () => open(attacker, 'mallory'))
    await attacker.hold(3_000)
    for (const page of pages) page?.goAway()
    await attacker.hold(500)
    for (const page of pages) page?.cut()
  },
  'resume tokens that are not its own': (attacker) =>
    withPage(attacker, async (page) => {
      const { token: sealed, ...rest } = await page.resume()
      const altered = Buffer.from(sealed, 'base64url')
      altered[Math.floor(attacker.random() * altered.length)]! ^= 1
      const resumes: Resume[] = [altered.toString('base64url'), '', 'x'.repeat(4_000)].map((token) => ({
        token,
        ...rest,
      }))
      for (const [sub, resume] of [
        ['another-subject', { token: sealed, ...rest }] as const,
        ...resumes.map((resume) => ['mallory', resume] as const),
      ]) {
        const thief = await RawPage.open(attacker.url, { from: attacker.from })
        thief.hello({ token: attacker.token(sub), resume })
        await thief.closed(20_000)
        if (thief.messages.some(({ type }) => type === 'session'))
          throw new Error('resumed a session of others')
      }
    }),
  'whatever a fuzzer thinks of': async (attacker) => {
    const seed = Math.floor(attacker.random() * 2 ** 31)
    for (const steps of fc.sample(pageSteps, { numRuns: 5, seed })) {
      await withPage(attacker, async (page) => {
        for (const step of steps) {
          if (page.closedWith !== null) break
          if ('text' in step) page.sendText(step.text)
          else if ('bytes' in step)
            page.socket.send(Buffer.from(step.bytes, 'base64'), { binary: step.binary })
        }
        await attacker.hold(100)
      })
    }
  },
}
