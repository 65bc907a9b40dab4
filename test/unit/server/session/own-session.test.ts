import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OwnSession, type OwnSessionListener } from '../../../../server/src/session/own-session.js'
import { ownEnsemble } from '../../../tools/server/own-ensemble.js'
import { waitUntil } from '../../../tools/wait-until.js'
import { type FakeConnection, FakeServer, OP } from '../../../tools/zookeeper-link/fake-server.js'

const CONNECTION_LOSS = -4
const AUTH_FAILED = -115
const SESSION_MOVED = -118
const NODE_DELETED = 2

describe('an own session', () => {
  let server: FakeServer
  const sessions: OwnSession[] = []
  beforeEach(async () => {
    server = await FakeServer.start(GREET)
  })
  afterEach(async () => {
    for (const session of sessions.splice(0)) session.close()
    await server.close()
  })

  /** A session, and what it tells its owner, in order. @param on runs with each entry of the log */
  function open(on: (entry: string, session: OwnSession) => void = () => undefined) {
    const log: string[] = []
    const write = (entry: string) => {
      log.push(entry)
      on(entry, session)
    }
    const listener: OwnSessionListener = {
      sessionAttached: (_, isNew) => write(isNew ? 'attached anew' : 'attached again'),
      sessionLost: () => write('lost'),
      sessionEvent: ({ type, path }) => write(`${type} ${path}`),
      sessionRefused: () => write('refused'),
    }
    let asked = 0
    const sessionOptions = () => {
      asked += 1
      return { lastZxid: `0x${asked}` as const }
    }
    const ensemble = ownEnsemble(`127.0.0.1:${server.port}`)
    const session = new OwnSession({ ensemble, listener, name: 'tests', sessionOptions })
    sessions.push(session)
    const says = (...entries: string[]) =>
      waitUntil(`it says ${entries}, not ${log}`, () => log.join() === entries.join(), { intervalMs: 2 })
    return { session, log, says, ensemble }
  }

  it('waits for its turn at the gate, and gives the turn back when it is attached', async () => {
    const { session, log, says, ensemble } = open()
    const pass = ensemble.gate.enter('create', () => undefined, null)
    session.open()
    expect([ensemble.gate.waiting, log]).toEqual([1, []])
    pass.release()
    await says('attached anew')
    await enters(ensemble.gate)
    expect(session.isAttached).toBe(true)
  })

  it('tells its owner of events between attaching and a loss', async () => {
    const { session, says } = open()
    session.open()
    await says('attached anew')
    server.connection.event(NODE_DELETED, '/a')
    await says('attached anew', 'NodeDeleted /a')
    server.connection.socket.destroy()
    await says('attached anew', 'NodeDeleted /a', 'lost', 'attached again')
  })

  it('attaches the same session again after a loss', async () => {
    const { session, says } = open()
    session.open()
    await says('attached anew')
    server.connection.socket.destroy()
    await says('attached anew', 'lost', 'attached again')
    expect(server.connections.map(({ connect }) => connect?.sessionId)).toEqual([0n, 0x1001n])
  })

  it('tells no loss of attempts that fail, and goes on trying', async () => {
    server.script = { connect: (connection) => connection.socket.destroy() }
    const { session, log, says } = open()
    session.open()
    await waitUntil('it has tried three times', () => server.connections.length >= 3)
    expect(log).toEqual([])
    server.script = GREET
    await says('attached anew')
  })

  it('keeps its session alive by a third of the timeout that the ensemble gave', async () => {
    server.script = { connect: (connection) => connection.greet({ timeoutMs: 150 }) }
    const { session, says } = open()
    session.open()
    await says('attached anew')
    await waitUntil('it pings', () => server.connection.types.filter((type) => type === OP.ping).length > 2)
  })

  it('opens a new session, for which it asks its owner once more, when its own has expired', async () => {
    const { session, says } = open()
    session.open()
    await says('attached anew')
    server.script = expireOnce
    server.connection.socket.destroy()
    await says('attached anew', 'lost', 'attached anew')
    const zxids = server.connections.map(({ connect }) => [connect?.sessionId, connect?.lastZxid])
    expect(zxids).toEqual([
      [0n, 1n],
      [0x1001n, 1n],
      [0n, 2n],
    ])
  })

  it('opens a new session when its own has moved to another connection', async () => {
    const { session, says } = open()
    session.open()
    await says('attached anew')
    server.script = { ...GREET, request: answerOnce(OP.exists, SESSION_MOVED) }
    session.link.exists('/a', false, () => undefined)
    await says('attached anew', 'lost', 'attached anew')
    expect(server.connections.map(({ connect }) => connect?.sessionId)).toEqual([0n, 0n])
  })

  it('tells its owner that its identity is refused, and tries a new session', async () => {
    const { session, says } = open()
    session.open()
    await says('attached anew')
    server.script = { ...GREET, request: answerOnce(OP.exists, AUTH_FAILED) }
    session.link.exists('/a', false, () => undefined)
    await says('attached anew', 'lost', 'refused', 'attached anew')
  })

  it('opens once, however often its owner asks for it', async () => {
    const { session, says } = open()
    for (let times = 0; times < 3; times += 1) session.open()
    await says('attached anew')
    session.open()
    await delay(20)
    expect(server.connections).toHaveLength(1)
  })

  describe('an own session that is closed', () => {
    it('closes the session in the ensemble and tells its owner nothing more', async () => {
      const { session, log, says } = open()
      session.open()
      await says('attached anew')
      const closed = session.close()
      server.connection.event(NODE_DELETED, '/a')
      await closed
      expect(server.connection.types.at(-1)).toBe(OP.closeSession)
      await delay(20)
      expect(log).toEqual(['attached anew'])
    })

    it('does not open, resolves a second close and fails calls at once', async () => {
      const { session, log, says } = open()
      session.open()
      await says('attached anew')
      await session.close()
      session.open()
      await session.close()
      const errors: number[] = []
      session.link.exists('/a', false, ({ err }) => errors.push(err))
      session.link.leaveServer()
      await delay(20)
      expect([errors, session.isAttached, log]).toEqual([[CONNECTION_LOSS], false, ['attached anew']])
      expect(server.connections).toHaveLength(1)
    })

    it('never dials where it was closed before it was opened', async () => {
      const { session, log } = open()
      await session.close()
      session.open()
      await delay(20)
      expect([server.connections, log]).toEqual([[], []])
    })

    it('leaves the queue of the gate', async () => {
      const { session, ensemble } = open()
      ensemble.gate.enter('create', () => undefined, null)
      session.open()
      await session.close()
      expect(ensemble.gate.waiting).toBe(0)
      expect(server.connections).toEqual([])
    })

    it('gives back the turn of an attempt that is under way', async () => {
      server.script = { connect: () => undefined }
      const { session, ensemble } = open()
      session.open()
      await waitUntil('it dials', () => server.connections.length === 1)
      void session.close()
      await enters(ensemble.gate)
    })

    it.each(['attached anew', 'lost', 'refused'])(
      'attaches no more where its owner closes it on hearing "%s"',
      async (last) => {
        const { session, log } = open((entry, session) => entry === last && void session.close())
        server.script = { ...GREET, request: answerOnce(OP.exists, AUTH_FAILED) }
        session.open()
        await waitUntil('it is attached', () => log.length > 0)
        session.link.exists('/a', false, () => undefined)
        await waitUntil('it is closed', () => log.at(-1) === last)
        // Longer than the first delay between attempts.
        await delay(500)
        expect(log.at(-1)).toBe(last)
        expect(server.connections).toHaveLength(1)
      },
    )
  })
})

const GREET: FakeServer['script'] = { connect: (connection) => connection.greet() }

/** Does not know the session that is asked for, then opens new ones. */
const expireOnce: FakeServer['script'] = {
  connect: (connection, { sessionId }) => (sessionId === 0n ? connection.greet() : connection.greetExpired()),
}

/** Answers requests of this type with an error over the first connection that sends one. */
function answerOnce(type: number, err: number): NonNullable<FakeServer['script']['request']> {
  let refused: FakeConnection | null = null
  return (connection, request) => {
    if (request.type !== type || (refused !== null && refused !== connection)) {
      connection.answer(request)
      return
    }
    refused = connection
    connection.reply(request.xid, { err })
  }
}

async function enters(gate: ReturnType<typeof ownEnsemble>['gate']): Promise<void> {
  let isInside = false
  const pass = gate.enter(
    'create',
    () => {
      isInside = true
    },
    null,
  )
  await waitUntil('another one has its turn', () => isInside, { intervalMs: 2 })
  pass.release()
}
