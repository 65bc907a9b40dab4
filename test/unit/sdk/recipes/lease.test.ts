import { afterEach, describe, expect, it, vi } from 'vitest'
import { ZoogateError } from 'zoogate-client/core'
import { type Clock, openLease, pageClock } from '../../../../client-sdk/src/recipes/lease.js'

/** Good for 6 s after each proof, which is asked for every 2.25 s. */
const TIMEOUT_MS = 9_000

/** A clock that the test moves. */
class FakeClock implements Clock {
  #at = 0
  #timers: { at: number; call: () => void }[] = []

  now = () => ({ wallMs: this.#at, monotonicMs: this.#at })
  since = ({ wallMs }: { wallMs: number }) => this.#at - wallMs
  after = (ms: number, call: () => void) => {
    const timer = { at: this.#at + ms, call }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }
  get waiting(): number {
    return this.#timers.length
  }
  /** As while a page is frozen: time passes and nothing runs. */
  sleep(ms: number): void {
    this.#at += ms
  }
  async pass(ms: number): Promise<void> {
    const end = this.#at + ms
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (!next) break
      this.#timers.splice(this.#timers.indexOf(next), 1)
      this.#at = Math.max(this.#at, next.at)
      next.call()
      await settled()
    }
    this.#at = Math.max(this.#at, end)
    await settled()
  }
}

/** Lets all promises run that wait for nothing else. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

/** An ensemble that answers when it is told to. */
async function leaseOn(answers: 'at once' | 'when told') {
  const clock = new FakeClock()
  const session = new AbortController()
  const asked: ((answer: boolean | Error) => void)[] = []
  let mode: 'at once' | 'when told' = 'at once'
  let count = 0
  const prove = () => {
    count += 1
    if (mode === 'at once') return Promise.resolve(true)
    return new Promise<boolean>((resolve, reject) => {
      asked.push((answer) => (typeof answer === 'boolean' ? resolve(answer) : reject(answer)))
    })
  }
  const basis = { prove, timeoutMs: () => TIMEOUT_MS, session: session.signal, clock, path: '/l/1' }
  const lease = await openLease(basis, session.signal)
  const told: unknown[] = []
  lease.lost.addEventListener('abort', () => told.push(lease.lost.reason.code))
  mode = answers
  return {
    clock,
    session,
    lease,
    told,
    proofs: () => count,
    answer: async (answer: boolean | Error) => {
      asked.shift()?.(answer)
      await settled()
    },
  }
}

const lostLink = new ZoogateError('CONNECTION_LOSS', 'the link broke', { outcome: 'unknown' })

describe('a lease', () => {
  it('is renewed every quarter of the session timeout, and lasts as long as it is', async () => {
    const { clock, lease, told, proofs } = await leaseOn('at once')
    await clock.pass(20 * TIMEOUT_MS)
    expect(proofs()).toBe(81)
    expect([lease.isGood(), told]).toEqual([true, []])
  })

  it('ends two thirds of the session timeout after the request of the last proof, and aborts once', async () => {
    const { clock, lease, told, answer } = await leaseOn('when told')
    await clock.pass(2_250 + 1_000)
    await answer(true)
    // Asked for at 2,250, answered at 3,250.
    await clock.pass(4_999)
    expect([lease.isGood(), told]).toEqual([true, []])
    await clock.pass(1)
    expect([lease.isGood(), told]).toEqual([false, ['CONNECTION_LOSS']])
    await answer(true)
    await clock.pass(TIMEOUT_MS)
    expect([lease.isGood(), told, clock.waiting]).toEqual([false, ['CONNECTION_LOSS'], 0])
  })

  it('is not good any more when the page wakes up too late, before any timer has run', async () => {
    const { clock, lease, told } = await leaseOn('when told')
    clock.sleep(6_000)
    expect(lease.isGood()).toBe(false)
    expect(told).toEqual(['CONNECTION_LOSS'])
  })

  it('asks again at once when a link broke, and goes on when the answer comes in time', async () => {
    const { clock, lease, told, proofs, answer } = await leaseOn('when told')
    await clock.pass(2_250)
    await answer(lostLink)
    expect(proofs()).toBe(3)
    await clock.pass(3_000)
    await answer(true)
    // Asked for at 2,250 again.
    await clock.pass(2_999)
    expect([lease.isGood(), told]).toEqual([true, []])
    await clock.pass(1)
    expect(told).toEqual(['CONNECTION_LOSS'])
  })

  it('gives nothing for an answer that comes after its end', async () => {
    const { clock, lease, answer } = await leaseOn('when told')
    await clock.pass(2_250)
    clock.sleep(TIMEOUT_MS)
    await answer(true)
    expect(lease.isGood()).toBe(false)
  })

  it.each([
    ['the node is gone', true, 'NO_NODE'],
    ['the proof is refused', new ZoogateError('FORBIDDEN', 'no'), 'FORBIDDEN'],
  ] as const)('ends at once when %s', async (_, found, code) => {
    const { lease, told, answer } = await leaseOn('when told')
    lease.doubt()
    await answer(found === true ? false : found)
    expect([lease.isGood(), told]).toEqual([false, [code]])
  })

  it('ends at once with its session', async () => {
    const { lease, told, session, clock } = await leaseOn('when told')
    session.abort(new ZoogateError('SESSION_EXPIRED', 'gone'))
    expect([lease.isGood(), told, clock.waiting]).toEqual([false, ['SESSION_EXPIRED'], 0])
  })

  it('reports no loss after its end', async () => {
    const { lease, told, session, clock, answer } = await leaseOn('when told')
    lease.doubt()
    lease.end()
    await answer(false)
    session.abort(new ZoogateError('SESSION_EXPIRED', 'gone'))
    await clock.pass(TIMEOUT_MS)
    expect([lease.isGood(), told, clock.waiting]).toEqual([false, [], 0])
  })

  it('begins only with a proof that is good for something', async () => {
    const clock = new FakeClock()
    const { signal } = new AbortController()
    const basis = { timeoutMs: () => TIMEOUT_MS, session: signal, clock, path: '/l/1' }
    let proofs = 0
    const slowAtFirst = async () => {
      proofs += 1
      if (proofs === 1) clock.sleep(6_000)
      return true
    }
    const lease = await openLease({ ...basis, prove: slowAtFirst }, signal)
    expect([proofs, lease.isGood()]).toEqual([2, true])
    const missing = openLease({ ...basis, prove: () => Promise.resolve(false) }, signal)
    await expect(missing).rejects.toMatchObject({ code: 'NO_NODE', path: '/l/1' })
  })
})

afterEach(() => vi.restoreAllMocks())

it('the page clock measures time that one of the clocks misses because it slept or was set back', () => {
  const wall = vi.spyOn(Date, 'now').mockReturnValue(1_000_000)
  const monotonic = vi.spyOn(performance, 'now').mockReturnValue(500)
  const moment = pageClock.now()
  monotonic.mockReturnValue(600)
  wall.mockReturnValue(1_060_000)
  expect(pageClock.since(moment)).toBe(60_000)
  monotonic.mockReturnValue(3_500)
  wall.mockReturnValue(900_000)
  expect(pageClock.since(moment)).toBe(3_000)
})
