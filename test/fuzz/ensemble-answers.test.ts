import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CallResult, EnsembleLink } from '../../server/src/zookeeper/index.js'
import { heapAfterCollection } from '../tools/heap.js'
import { waitUntil } from '../tools/wait-until.js'
import { FakeServer, FIRST_SESSION_ID } from '../tools/zookeeper-link/fake-server.js'
import { linkTo, type Recorder } from '../tools/zookeeper-link/recorder.js'
import { FUZZ_TIMEOUT_MS, fuzz } from './effort.js'
import { answerWith, type Greeting, greetings, greetWith, type Lie, lies } from './lies.js'

const MAX_GROWTH_BYTES = 24 * 1024 * 1024
/** Short, so that silences are: a call waits for two thirds of it at most. */
const SESSION_TIMEOUT_MS = 30
const HANDSHAKE_TIMEOUT_MS = 20
/** Far beyond what the two above allow, for a busy machine. */
const DEADLINE_MS = 3_000
const FINAL = ['expired', 'moved', 'auth failed']

type Done = (result: CallResult<unknown>) => void

const CALLS: Record<string, (link: EnsembleLink, done: Done) => void> = {
  create: (link, done) => link.create('/a', Buffer.from('x'), [], 0, done),
  container: (link, done) => link.create('/c', Buffer.alloc(0), [], 4, done),
  delete: (link, done) => link.delete('/a', -1, done),
  exists: (link, done) => link.exists('/a', true, done),
  getData: (link, done) => link.getData('/a', true, done),
  setData: (link, done) => link.setData('/a', Buffer.from('y'), 0, done),
  getChildren: (link, done) => link.getChildren('/a', true, done),
  getACL: (link, done) => link.getACL('/a', done),
  setACL: (link, done) => link.setACL('/a', [], -1, done),
  sync: (link, done) => link.sync('/a', done),
  getEphemerals: (link, done) => link.getEphemerals('/a', done),
  whoAmI: (link, done) => link.whoAmI(done),
  multi: (link, done) => link.multi([{ op: 'check', path: '/a', version: -1 }], done),
  addWatch: (link, done) => link.addWatch('/a', true, done),
  removeWatch: (link, done) => link.removeWatch('/a', true, done),
}

interface Attempt {
  greeting: Greeting
  calls: string[]
  lies: Lie[]
}

const attempt: fc.Arbitrary<Attempt> = fc.record({
  greeting: greetings,
  calls: fc.array(fc.constantFrom(...Object.keys(CALLS)), { minLength: 1, maxLength: 12, size: 'max' }),
  lies: fc.array(lies, { minLength: 1, maxLength: 12, size: 'max' }),
})

let server: FakeServer
const uncaught: unknown[] = []
const hear = (error: unknown) => uncaught.push(error)
beforeAll(async () => {
  server = await FakeServer.start()
  process.on('uncaughtExceptionMonitor', hear)
})
afterAll(async () => {
  process.off('uncaughtExceptionMonitor', hear)
  await server.close()
})

const isFinal = (entry: string) => FINAL.includes(entry)
/** What an attempt to attach, and later its connection, can come to. */
const isOutcome = (entry: string) => entry.startsWith('lost ') || isFinal(entry)

const within = (what: string, probe: () => boolean) =>
  waitUntil(what, probe, { intervalMs: 1, timeoutMs: DEADLINE_MS })

/** One connection to the lying server, and what must be true of it. */
async function meetLiar(
  { greeting, calls, lies }: Attempt,
  link: EnsembleLink,
  recorder: Recorder,
): Promise<void> {
  const owed: Buffer[] = []
  let answers = 0
  server.script = {
    connect: (connection) => greetWith(connection, greeting, SESSION_TIMEOUT_MS),
    request: (connection, request) =>
      answerWith(connection, request, lies[answers++ % lies.length] ?? { lie: 'none' }, owed),
  }
  const from = recorder.log.length
  const told = () => recorder.log.slice(from)
  link.attach()
  await within(`the attempt has come to something: ${JSON.stringify(recorder.log)}`, () =>
    told().some((entry) => entry.startsWith('attached') || isOutcome(entry)),
  )
  const called = calls.map((name) => {
    const heard: CallResult<unknown>[] = []
    CALLS[name]?.(link, (result) => heard.push(result))
    return heard
  })
  await within('every callback has been called', () => called.every((heard) => heard.length > 0))
  // Answers that are still on their way must not call any of them again.
  link.leaveServer()
  await within('the connection is left', () => link.linkState === 'idle' || link.linkState === 'ended')
  await within('the server has seen it', () => server.connections.every(({ closed }) => closed))
  expect(called.map((heard) => heard.length)).toEqual(calls.map(() => 1))
  expect(told().filter(isOutcome)).toHaveLength(1)
}

async function play(attempts: Attempt[]): Promise<void> {
  const { link, recorder } = linkTo(server, {
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
    maxReplyBytes: 64 * 1024,
  })
  try {
    for (const attempt of attempts) {
      if (link.linkState === 'idle') await meetLiar(attempt, link, recorder)
    }
    if (link.linkState === 'idle') await meetGoodServer(link, recorder)
    else expect(recorder.log.filter(isFinal)).toHaveLength(1)
    // Taken out, so that a smaller failing input is one that fails by itself.
    expect(uncaught.splice(0)).toEqual([])
  } finally {
    link.detach()
    server.connections.length = 0
  }
}

/** A server that tells the truth is used as if nothing had been. */
async function meetGoodServer(link: EnsembleLink, recorder: Recorder): Promise<void> {
  // Liars may have made the link believe in a session of any id.
  server.script = {
    connect: (connection, { sessionId }) => connection.greet({ id: sessionId || FIRST_SESSION_ID }),
  }
  expect(await attached(link, recorder)).toMatchObject({ timeoutMs: 4000 })
  const result = await new Promise<CallResult<unknown>>((resolve) => link.exists('/a', false, resolve))
  expect(result).toMatchObject({ err: 0 })
}

/** Tries again, as the link's owner does, where a busy machine was too slow for the short handshake. */
async function attached(link: EnsembleLink, recorder: Recorder) {
  const from = recorder.sessions.length
  await within('the link is attached', () => {
    if (link.linkState === 'idle') link.attach()
    return recorder.sessions.length > from
  })
  return recorder.sessions.at(-1)
}

const anyLiar = fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 3 }), play)

describe('a link to a lying server', () => {
  it(
    'calls each callback once and in time, throws nothing, and uses a good server normally afterwards',
    async () => {
      const warmUp = await fuzz(anyLiar, 1 / 4)
      const before = heapAfterCollection()
      const runs = await fuzz(anyLiar, 3 / 4)
      console.log(`${warmUp + runs} inputs`)
      expect(heapAfterCollection() - before).toBeLessThan(MAX_GROWTH_BYTES)
    },
    FUZZ_TIMEOUT_MS,
  )
})
