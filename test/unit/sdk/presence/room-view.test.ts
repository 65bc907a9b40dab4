import { describe, expect, it } from 'vitest'
import { preparePlayground, rejection } from '../../../tools/sdk/playground.js'
import { members, presenceStage, ROOM } from '../../../tools/sdk/presence-stage.js'

const { page, inRoom } = presenceStage(preparePlayground())

describe('a member', () => {
  it('stays over a gap: no member leaves or joins, and the snapshot is stale meanwhile', async () => {
    const { gateway, room, redial, told } = await inRoom()
    const me = await room.join('me')
    const stale: boolean[] = []
    room.subscribe(() => stale.push(room.getSnapshot().stale))
    gateway.sockets.at(-1)?.end()
    expect(room.getSnapshot()).toEqual({ members: [me], stale: true, error: null })
    await redial()
    expect(room.getSnapshot()).toEqual({ members: [me], stale: false, error: null })
    expect([told, stale]).toEqual([['joined "me"'], [true, false]])
  })

  it('joins again with its id and the newest data when the session had to be renewed', async () => {
    const { gateway, room, redial, told } = await inRoom()
    const { id } = await room.join('a')
    await room.update('b')
    told.length = 0
    gateway.expire()
    expect(members(room)).toEqual(['b'])
    await redial()
    expect(room.getSnapshot()).toMatchObject({
      stale: false,
      error: null,
      members: [{ id, data: 'b', mine: true }],
    })
    expect(gateway.tree.get(`${ROOM}/${id}`).owner).toBe('0x2')
  })

  it('joins in the next session when the session expired during its join', async () => {
    const { gateway, room, redial } = await inRoom()
    gateway.fault = ({ op }) => {
      if (op !== 'create') return undefined
      gateway.fault = () => undefined
      gateway.expire()
      return 'lost'
    }
    const joining = room.join('me')
    await redial()
    expect(await joining).toMatchObject({ data: 'me', mine: true })
    expect(gateway.tree.get(gateway.tree.children(ROOM)[0]!).owner).toBe('0x2')
  })

  it('does not wait for the end of a session that it cannot get back', async () => {
    const { gateway, room, redial } = await inRoom()
    const { id } = await room.join('me')
    // The way back is refused, while the ensemble still keeps the old session.
    gateway.sockets.at(-1)?.refuse(4003)
    await redial()
    expect(room.getSnapshot()).toMatchObject({ members: [{ id, data: 'me', mine: true }] })
    expect(gateway.tree.get(`${ROOM}/${id}`).owner).toBe('0x2')
  })

  it('shows why it cannot join again, and tries in the session after that', async () => {
    const { gateway, room, redial } = await inRoom()
    await room.join('me')
    gateway.fault = ({ op }) => (op === 'create' ? 'FORBIDDEN' : undefined)
    gateway.expire()
    await redial()
    expect(room.getSnapshot()).toMatchObject({ members: [], stale: false, error: { code: 'FORBIDDEN' } })
    gateway.fault = () => undefined
    gateway.expire()
    await redial()
    expect(room.getSnapshot()).toMatchObject({ members: [{ data: 'me', mine: true }], error: null })
  })

  it('does not come back with the next session after it has left', async () => {
    const { gateway, room, redial } = await inRoom()
    await room.join('me')
    await room.leave()
    gateway.expire()
    await redial()
    expect([members(room), gateway.tree.children(ROOM)]).toEqual([[], []])
  })

  it('is two members of one group in two tabs', async () => {
    const { gateway, room } = await inRoom('ada')
    const other = (await page(gateway)).zk.presence(ROOM, { group: 'ada' })
    await room.join('tab 1')
    await other.join('tab 2')
    expect(room.getSnapshot().members).toMatchObject([
      { group: 'ada', data: 'tab 1', mine: true },
      { group: 'ada', data: 'tab 2', mine: false },
    ])
    expect(other.getSnapshot().members.map(({ mine }) => mine)).toEqual([false, true])
  })
})

describe('several handles of one room', () => {
  it('are one member, which goes with the handle that joined', async () => {
    const { gateway, zk, room, settle } = await inRoom()
    const looking = zk.presence(ROOM)
    const me = await room.join('me')
    expect(looking.getSnapshot().members).toEqual([me])
    expect(await looking.join('same')).toMatchObject({ id: me.id })
    room.close()
    await settle()
    expect(members(looking)).toEqual(['same'])
    const third = zk.presence(ROOM)
    looking.close()
    await settle()
    expect([members(third), gateway.tree.children(ROOM)]).toEqual([[], []])
  })

  it('leave one member when they come and go before the answer of the gateway, as in StrictMode', async () => {
    const { gateway, zk, room, settle } = await inRoom()
    room.join('me').catch(() => undefined)
    room.close()
    const again = zk.presence(ROOM)
    const me = await again.join('me')
    await settle()
    expect(again.getSnapshot().members).toEqual([me])
    expect(gateway.tree.children(ROOM)).toEqual([`${ROOM}/${me.id}`])
    expect(gateway.called.filter((text) => text.startsWith('delete'))).toEqual([])
  })

  it('close the view and leave the room when all are closed', async () => {
    const { gateway, room, settle, told } = await inRoom()
    await room.join('me')
    room.close()
    room.close()
    await settle()
    expect(gateway.tree.children(ROOM)).toEqual([])
    expect(gateway.called.filter((text) => /View/.test(text))).toEqual([`openView ${ROOM}`, 'closeView'])
    expect([members(room), told]).toEqual([['me'], ['joined "me"']])
    expect(await rejection(room.join('me'))).toMatchObject({ code: 'BAD_REQUEST' })
  })

  it('leave when the link is back after they were closed during a gap', async () => {
    const { gateway, room, redial } = await inRoom()
    await room.join('me')
    gateway.sockets.at(-1)?.end()
    room.close()
    await redial()
    expect(gateway.tree.children(ROOM)).toEqual([])
  })
})
