import { describe, expect, it, vi } from 'vitest'
import { preparePlayground, rejection } from '../../../tools/sdk/playground.js'
import {
  members,
  once,
  presenceStage,
  ROOM,
  standing,
  tell,
  writes,
} from '../../../tools/sdk/presence-stage.js'

const start = preparePlayground()
const { page, inRoom } = presenceStage(start)

describe('a room', () => {
  it('is joined, changed and left, and shows each step when it resolves', async () => {
    const { gateway, room, told } = await inRoom()
    expect(room.getSnapshot()).toEqual({ members: [], stale: false, error: null })
    const me = await room.join({ n: 1 })
    expect(me).toEqual({
      id: expect.stringMatching(/^[a-z\d]+$/),
      group: null,
      data: { n: 1 },
      mine: true,
      joinedAt: expect.any(Number),
    })
    expect(room.getSnapshot().members).toEqual([me])
    expect(gateway.tree.get(`${ROOM}/${me.id}`)).toMatchObject({ data: '{"n":1}', owner: '0x1' })
    expect(gateway.tree.get(ROOM).isContainer).toBe(true)
    const changed = await room.update({ n: 2 })
    expect([changed.id, changed.data, members(room)]).toEqual([me.id, { n: 2 }, [{ n: 2 }]])
    await room.leave()
    expect(members(room)).toEqual([])
    expect(told).toEqual(['joined {"n":1}', 'changed {"n":1} to {"n":2}', 'left {"n":2}'])
  })

  it('gives frozen snapshots that stay the same until they change, and so do members', async () => {
    const { gateway, room } = await inRoom()
    const me = await room.join('me')
    const before = room.getSnapshot()
    expect(
      [room.getSnapshot() === before, before, before.members, me].every(
        (part) => part === true || Object.isFrozen(part),
      ),
    ).toBe(true)
    gateway.tree.create(`${ROOM}/x`, '1', '0x9')
    expect(room.getSnapshot()).not.toBe(before)
    expect(room.getSnapshot().members[0]).toBe(before.members[0])
    expect(room.getServerSnapshot()).toBe(room.getServerSnapshot())
    expect(room.getServerSnapshot()).toEqual({ members: [], stale: true, error: null })
  })

  it('shows earlier members without events, in the order of joining', async () => {
    const gateway = standing()
    gateway.tree.create(ROOM, '', null)
    for (const name of ['z', 'a', 'm']) gateway.tree.create(`${ROOM}/${name}`, `"${name}"`, '0x9')
    const { zk, settle } = await page(gateway)
    const room = zk.presence(ROOM)
    const told = tell(room)
    await settle()
    expect([members(room), told]).toEqual([['z', 'a', 'm'], []])
    gateway.tree.delete(`${ROOM}/a`)
    expect([members(room), told]).toEqual([['z', 'm'], ['left "a"']])
  })

  it('shows the data of other clients as it is', async () => {
    const { gateway, room } = await inRoom()
    gateway.tree.create(ROOM, '', null)
    gateway.tree.create(`${ROOM}/config`, '{}', null)
    gateway.tree.create(`${ROOM}/a%20b:1`, 'no JSON', '0x9')
    gateway.tree.create(`${ROOM}/%:2`, '', '0x9')
    expect(room.getSnapshot().members).toMatchObject([
      { id: 'a%20b:1', group: 'a b', data: 'no JSON', mine: false },
      { id: '%:2', group: '%', data: '' },
    ])
  })

  it('groups members by a name of any characters', async () => {
    const { gateway, room } = await inRoom('a/b:c')
    const me = await room.join({ n: 1 })
    expect(me).toMatchObject({ id: expect.stringMatching(/^a%2Fb%3Ac:[a-z\d]+$/), group: 'a/b:c' })
    expect(gateway.tree.get(`${ROOM}/${me.id}`).owner).toBe('0x1')
  })

  it('is created with its missing parents, and created again when the ensemble has removed it', async () => {
    const { gateway, zk, settle } = await inRoom()
    const deep = zk.presence('/a/b/c')
    await settle()
    await deep.join('me')
    expect(['/a', '/a/b', '/a/b/c'].map((path) => gateway.tree.get(path).isContainer)).toEqual([
      true,
      true,
      true,
    ])
    await deep.leave()
    gateway.tree.sweep()
    expect(gateway.tree.nodes.has('/a/b/c')).toBe(false)
    await deep.join('again')
    expect(members(deep)).toEqual(['again'])
  })

  it('is given up when the ensemble removes it after each creation', async () => {
    const { gateway, room } = await inRoom()
    gateway.fault = ({ op, ...call }) => {
      if (op === 'create' && 'mode' in call && call.mode === 'ephemeral') gateway.tree.sweep()
      return undefined
    }
    expect(await rejection(room.join('me'))).toMatchObject({ code: 'NO_NODE' })
    expect(writes(gateway).filter((text) => text === `create ${ROOM}`)).toHaveLength(3)
  })
})

describe('join()', () => {
  it('changes the data of a member that has joined already', async () => {
    const { gateway, room } = await inRoom()
    const first = await room.join('a')
    expect(await room.join('b')).toMatchObject({ id: first.id, data: 'b' })
    expect(gateway.tree.children(ROOM)).toHaveLength(1)
  })

  it('joins when there is a session, if it was called before connect()', async () => {
    const gateway = standing()
    const { zk, settle } = start({ WebSocket: gateway.Socket })
    const room = zk.presence(ROOM)
    const joining = room.join('me')
    await settle()
    zk.connect().catch(() => undefined)
    await settle()
    expect(await joining).toMatchObject({ data: 'me', mine: true })
  })

  it.each(['FORBIDDEN', 'NO_AUTH'] as const)(
    'rejects with %s when it may not create, and the room is still shown',
    async (code) => {
      const { gateway, room } = await inRoom()
      gateway.tree.create(ROOM, '', null)
      gateway.fault = ({ op }) => (op === 'create' ? code : undefined)
      expect(await rejection(room.join('me'))).toMatchObject({ code })
      gateway.tree.create(`${ROOM}/x`, '"x"', '0x9')
      expect(room.getSnapshot()).toMatchObject({ stale: false, error: null, members: [{ data: 'x' }] })
      expect(await rejection(room.update('me'))).toMatchObject({ code: 'BAD_REQUEST' })
      gateway.fault = () => undefined
      expect(await room.join('me')).toMatchObject({ data: 'me' })
    },
  )

  it('rejects with the error of the view when the room cannot be shown', async () => {
    const gateway = standing()
    gateway.fault = ({ op }) => (op === 'openView' ? 'NO_AUTH' : undefined)
    const { zk } = await page(gateway)
    const room = zk.presence(ROOM)
    expect(await rejection(room.join('me'))).toMatchObject({ code: 'NO_AUTH' })
    expect(room.getSnapshot()).toMatchObject({ error: { code: 'NO_AUTH' } })
    expect(writes(gateway)).toEqual([])
  })

  it.each(['lost', 'unanswered'] as const)(
    'reads the node after a create that is %s, and makes one member',
    async (fault) => {
      const { gateway, room, redial } = await inRoom()
      gateway.tree.create(ROOM, '', null)
      gateway.fault = once('create', fault)
      const joining = room.join('me')
      await redial()
      expect(await joining).toMatchObject({ data: 'me', mine: true })
      expect(gateway.tree.children(ROOM)).toHaveLength(1)
      expect(gateway.tree.get(gateway.tree.children(ROOM)[0]!).version).toBe(0)
    },
  )

  it('keeps the node that the session has already after a reload of the page', async () => {
    const gateway = standing()
    gateway.tree.create(ROOM, '', null)
    gateway.tree.create(`${ROOM}/g:1`, '"g"', '0x1')
    gateway.tree.create(`${ROOM}/7`, '"before"', '0x1')
    const { zk, settle } = await page(gateway)
    const room = zk.presence(ROOM)
    const told = tell(room)
    await settle()
    expect(await room.join('now')).toMatchObject({ id: '7', data: 'now' })
    expect(told).toEqual(['changed "before" to "now"'])
    const same = zk.presence(ROOM, { group: 'g' })
    expect(await same.join('g')).toMatchObject({ id: 'g:1' })
    expect(gateway.tree.children(ROOM)).toHaveLength(2)
    expect(gateway.tree.get(`${ROOM}/g:1`).version).toBe(0)
  })

  it('ends its waiting, not its wish, at its limits', async () => {
    const gateway = standing()
    const { zk, settle } = start({ WebSocket: gateway.Socket })
    const room = zk.presence(ROOM)
    const abort = new AbortController()
    const ended = [
      rejection(room.join('a', { signal: abort.signal })),
      rejection(room.join('b', { timeoutMs: 50 })),
      rejection(room.join('c')),
      rejection(room.join('never', { signal: AbortSignal.abort() })),
    ]
    abort.abort()
    await vi.advanceTimersByTimeAsync(30_000)
    const codes = (await Promise.all(ended)).map((error) => (error as { code: string }).code)
    expect(codes).toEqual(['ABORTED', 'TIMED_OUT', 'TIMED_OUT', 'ABORTED'])
    zk.connect().catch(() => undefined)
    await settle()
    expect(members(room)).toEqual(['c'])
  })

  it('rejects with ABORTED when leave() overtakes it, and leaves no node', async () => {
    const { gateway, room, settle, told } = await inRoom()
    const joining = rejection(room.join('me'))
    await room.leave()
    expect(await joining).toMatchObject({ code: 'ABORTED' })
    await settle()
    expect([gateway.tree.children(ROOM), members(room)]).toEqual([[], []])
    expect(told.filter((text) => text.startsWith('joined'))).toHaveLength(told.length / 2)
  })

  it('overtakes leave(), which resolves', async () => {
    const { gateway, room } = await inRoom()
    await room.join('a')
    const leaving = room.leave()
    const back = await room.join('b')
    await leaving
    expect([members(room), gateway.tree.children(ROOM)]).toEqual([['b'], [`${ROOM}/${back.id}`]])
  })

  it('rejects with the reason when the client is closed', async () => {
    const { zk, room } = await inRoom()
    const joining = rejection(room.join('me'))
    zk.close()
    expect(await joining).toMatchObject({ code: 'SESSION_CLOSED' })
  })
})

describe('update()', () => {
  it('rejects with advice before join()', async () => {
    const { room } = await inRoom()
    expect(await rejection(room.update('x'))).toMatchObject({
      code: 'BAD_REQUEST',
      outcome: 'not_executed',
      message: `${ROOM}: call join() before update()`,
    })
  })

  it('sends the newest of many changes, and resolves each', async () => {
    const { gateway, room } = await inRoom()
    await room.join({ n: 0 })
    const updated = Array.from({ length: 50 }, (_, n) => room.update({ n }))
    await Promise.all(updated)
    expect(members(room)).toEqual([{ n: 49 }])
    expect(writes(gateway).filter((text) => text.startsWith('setData')).length).toBeLessThan(4)
  })

  it.each(['lost', 'unanswered'] as const)(
    'reads the node after a write that is %s, and writes once',
    async (fault) => {
      const { gateway, room, redial, told } = await inRoom()
      const { id } = await room.join('a')
      gateway.fault = once('setData', fault)
      const updating = room.update('b')
      await redial()
      expect(await updating).toMatchObject({ id, data: 'b' })
      expect(gateway.tree.get(`${ROOM}/${id}`).version).toBe(1)
      expect(told).toEqual(['joined "a"', 'changed "a" to "b"'])
    },
  )

  it('rejects when it is refused, and leaves the data unchanged, also in the next session', async () => {
    const { gateway, room, redial } = await inRoom()
    await room.join('a')
    gateway.fault = ({ op }) => (op === 'setData' ? 'TOO_LARGE' : undefined)
    expect(await rejection(room.update('b'))).toMatchObject({ code: 'TOO_LARGE' })
    expect(room.getSnapshot()).toMatchObject({ error: null, members: [{ data: 'a' }] })
    gateway.expire()
    await redial()
    expect(members(room)).toEqual(['a'])
  })

  it('creates the node again when another client has deleted it', async () => {
    const { gateway, room } = await inRoom()
    const { id } = await room.join('a')
    gateway.tree.delete(`${ROOM}/${id}`)
    expect(members(room)).toEqual([])
    expect(await room.update('b')).toMatchObject({ id, data: 'b' })
  })
})

describe('leave()', () => {
  it('resolves when the client is not in the room', async () => {
    const { room, gateway } = await inRoom()
    await room.leave()
    expect(writes(gateway)).toEqual([])
  })

  it.each(['lost', 'unanswered'] as const)('succeeds in the end when its delete is %s', async (fault) => {
    const { gateway, room, redial } = await inRoom()
    await room.join('a')
    gateway.fault = once('delete', fault)
    const leaving = room.leave()
    await redial()
    await leaving
    expect([gateway.tree.children(ROOM), members(room)]).toEqual([[], []])
  })

  it('rejects when it is refused, and the member stays', async () => {
    const { gateway, room } = await inRoom()
    await room.join('a')
    gateway.fault = once('delete', 'NO_AUTH')
    expect(await rejection(room.leave())).toMatchObject({ code: 'NO_AUTH' })
    expect(await room.update('b')).toMatchObject({ data: 'b' })
  })
})
