import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CLOSE_CODES, type Operation } from 'zoogate-client/protocol'
import type { CheckedCall } from '../../../../server/src/session/calls.js'
import { OPERATIONS, type Row } from '../../../../server/src/session/operations.js'
import { sessionStage } from '../../../tools/server/session-stage.js'
import { waitUntil } from '../../../tools/wait-until.js'
import { type FakeRequest, FakeServer, OP } from '../../../tools/zookeeper-link/fake-server.js'

let server: FakeServer
beforeEach(async () => {
  server = await FakeServer.start()
})
afterEach(() => server.close())

/** Greets with the id that the link asks for. */
const GREET: FakeServer['script'] = {
  connect: (connection, { sessionId }) => connection.greet(sessionId === 0n ? {} : { id: sessionId }),
}
const EXISTS: CheckedCall = {
  id: 1,
  op: 'exists',
  fields: { path: '/a' },
  row: OPERATIONS.exists as Row<Operation>,
}
const SILENT: FakeServer['script'] = { connect: () => undefined }

const connected = (count: number) =>
  waitUntil(`${count} connect`, () => server.connections.filter(({ connect }) => connect).length === count, {
    intervalMs: 2,
  })
const asked = (type: number) =>
  waitUntil(`a request ${type} came`, () => server.connection.types.includes(type), { intervalMs: 2 })
const isOver = ({ ensemble }: ReturnType<typeof sessionStage>) =>
  waitUntil('the session is over', () => ensemble.registry.size === 0, { intervalMs: 2 })

describe('a session that is closed while it waits for its turn to attach', () => {
  it('waits on, and dials only in its turn', async () => {
    server.script = SILENT
    const stage = sessionStage([server], { attachConcurrency: 1 })
    const inside = stage.open(0x10n)
    await connected(1)
    const waiting = [0x20n, 0x30n].map((id) => stage.open(id))
    for (const { session } of waiting) session.close()
    expect(stage.ensemble.gate.waiting).toBe(2)
    server.script = GREET
    inside.session.detach()
    for (const { page } of waiting) await page.until(`ended ${CLOSE_CODES.CLOSED}`)
    expect(server.connections.map(({ connect }) => connect?.sessionId)).toEqual([0x10n, 0x20n, 0x30n])
    expect(server.connections.map(({ types }) => types)).toEqual([[], [OP.closeSession], [OP.closeSession]])
    // The second waited until the first had left the gate.
    await waitUntil('the queue is empty', () => stage.ensemble.gate.waiting === 0)
  })

  it('leaves the queue when it goes away, without a connection', async () => {
    server.script = SILENT
    const stage = sessionStage([server], { attachConcurrency: 1 })
    const inside = stage.open(0x10n)
    await connected(1)
    const { session } = stage.open(0x20n)
    session.close()
    session.detach()
    expect(stage.ensemble.gate.waiting).toBe(0)
    inside.session.detach()
    await isOver(stage)
    expect(server.connections).toHaveLength(1)
  })

  it('ends as taken over when another connection resumes it meanwhile', async () => {
    server.script = SILENT
    const stage = sessionStage([server], { attachConcurrency: 1 })
    stage.open(0x10n)
    const { session, page } = stage.open(0x20n)
    session.close()
    const next = stage.open(0x20n)
    expect(page.log).toEqual([`ended ${CLOSE_CODES.TAKEN_OVER}`])
    next.session.detach()
  })

  it('ends at once where the ensemble has not created it', async () => {
    server.script = SILENT
    const stage = sessionStage([server], { attachConcurrency: 1 })
    stage.open(0x10n)
    const { session, page } = stage.open()
    session.close()
    await page.until(`ended ${CLOSE_CODES.CLOSED}`)
    expect(server.connections.length).toBeLessThanOrEqual(1)
  })
})

describe('a session that is closed without its page asking', () => {
  it('is closed behind a check that it is still here', async () => {
    server.script = GREET
    const stage = sessionStage([server])
    const { session, page } = stage.open()
    await page.until('created')
    session.closeUnlessMoved()
    session.closeUnlessMoved()
    await isOver(stage)
    expect(server.connection.types[0]).toBe(OP.multi)
    expect(server.connection.types.at(-1)).toBe(OP.closeSession)
  })

  it('is checked once its calls are answered, however many are in flight', async () => {
    const due: FakeRequest[] = []
    server.script = {
      ...GREET,
      request: (connection, request) => {
        if (request.type === OP.exists) due.push(request)
        else connection.answer(request)
      },
    }
    const stage = sessionStage([server], { maxCallsInFlight: 1 })
    const { session, page } = stage.open()
    await page.until('created')
    session.run(EXISTS, () => undefined)
    await asked(OP.exists)
    session.closeUnlessMoved()
    expect(server.connection.types).toEqual([OP.exists])
    server.connection.answer(due[0]!)
    await isOver(stage)
    expect(server.connection.types).toEqual([OP.exists, OP.multi, OP.closeSession])
  })

  it('is detached where the check is refused', async () => {
    server.script = { ...GREET, request: (connection) => connection.socket.destroy() }
    const stage = sessionStage([server])
    const { session, page } = stage.open()
    await page.until('created')
    session.closeUnlessMoved()
    await isOver(stage)
    expect(server.connection.types).toEqual([OP.multi])
    expect(server.connections).toHaveLength(1)
  })

  it('is detached where it has no link, and is not attached for it', async () => {
    server.script = SILENT
    const stage = sessionStage([server])
    const { session } = stage.open(0x10n)
    await connected(1)
    session.closeUnlessMoved()
    expect(stage.ensemble.registry.size).toBe(0)
    expect(server.connections).toHaveLength(1)
  })

  it('is closed while it is being created, since it has no other holder', async () => {
    server.script = SILENT
    const stage = sessionStage([server])
    const { session } = stage.open()
    await connected(1)
    session.closeUnlessMoved()
    server.connection.greet()
    await asked(OP.closeSession)
  })
})

describe('the quota of a session', () => {
  const hasRoom = ({ ensemble }: ReturnType<typeof sessionStage>) =>
    ensemble.registry.refusal(ensemble.registry.enter('ada', '')) === null

  it('stays used when a session is detached, and is free when it is closed', async () => {
    server.script = GREET
    const stage = sessionStage([server], { maxSessionsPerSubject: 1 })
    const { session, page } = stage.open()
    await page.until('created')
    session.detach()
    expect(hasRoom(stage)).toBe(false)
    const again = stage.open(0x1001n)
    await again.page.until('resumed 0x1001')
    expect(hasRoom(stage)).toBe(false)
    again.session.close()
    await again.page.until(`ended ${CLOSE_CODES.CLOSED}`)
    expect(hasRoom(stage)).toBe(true)
  })

  it('stays used where the gateway does not know whether a session was created', async () => {
    server.script = SILENT
    const stage = sessionStage([server], { maxSessionsPerSubject: 1 })
    const { session } = stage.open()
    session.detach()
    expect(hasRoom(stage)).toBe(true)
    const next = stage.open()
    await connected(1)
    next.session.detach()
    expect(hasRoom(stage)).toBe(false)
  })

  it('is free when the session has expired, or another connection has resumed it', async () => {
    server.script = { connect: (connection) => connection.greetExpired() }
    const stage = sessionStage([server], { maxSessionsPerSubject: 1 })
    const { page } = stage.open(0x10n)
    await page.until(`ended ${CLOSE_CODES.EXPIRED}`)
    expect(hasRoom(stage)).toBe(true)
    server.script = GREET
    const first = stage.open(0x20n)
    await first.page.until('resumed')
    const second = stage.open(0x20n)
    await second.page.until('resumed')
    second.session.close()
    await second.page.until(`ended ${CLOSE_CODES.CLOSED}`)
    expect(hasRoom(stage)).toBe(true)
  })
})
