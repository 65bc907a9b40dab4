import { describe, expect, it } from 'vitest'
import { ZoogateError } from 'zoogate-client'
import { createRoomStore } from '../../../../client-sdk/src/bindings/room-store.js'
import { aTaskLater, createFakeClient, membersNamed } from '../../../tools/bindings/fake-client.js'

const ADA = '{"name":"Ada"}'
const BOB = '{"name":"Bob"}'
const forbidden = new ZoogateError('FORBIDDEN', 'no rule allows it')

async function openRoom(json?: string) {
  const client = createFakeClient()
  const store = createRoomStore<{ name: string }>(client.zk, '/room')
  store.attend(json)
  const leave = store.subscribe(() => undefined)
  await aTaskLater()
  const room = client.rooms[0]!
  return { client, store, room, leave }
}

describe('an attended room', () => {
  it('is joined when it is opened, and updated with other data', async () => {
    const { store, room } = await openRoom(ADA)
    store.attend(ADA)
    store.attend(BOB)
    expect(room.calls).toEqual([`join ${ADA}`, `join ${BOB}`])
  })

  it('is joined at once when it is open already', async () => {
    const { store, room } = await openRoom()
    expect(room.calls).toEqual([])
    store.attend(ADA)
    expect(room.calls).toEqual([`join ${ADA}`])
  })

  it('is left when there is no data any more, and still shown', async () => {
    const { store, room } = await openRoom(ADA)
    store.attend(undefined)
    expect(room.calls).toEqual([`join ${ADA}`, 'leave'])
    expect(room.isOpen).toBe(true)
  })

  it('is closed with its last listener, and joined again with the next', async () => {
    const { client, store, room, leave } = await openRoom(ADA)
    leave()
    await aTaskLater()
    expect(room.isOpen).toBe(false)
    store.subscribe(() => undefined)
    await aTaskLater()
    expect(client.rooms[1]?.calls).toEqual([`join ${ADA}`])
  })

  it('shows why it may not join, beside the members', async () => {
    const { store, room } = await openRoom(ADA)
    room.show(membersNamed('Bob'))
    room.refuse(forbidden)
    await aTaskLater()
    const { members, error } = store.getSnapshot()
    expect(members.map(({ id }) => id)).toEqual(['Bob'])
    expect(error).toBe(forbidden)
    expect(store.getSnapshot()).toBe(store.getSnapshot())
  })

  it('calls its listeners at a failure and at its end', async () => {
    const { store, room } = await openRoom(ADA)
    const told: (string | undefined)[] = []
    store.subscribe(() => told.push(store.getSnapshot().error?.code))
    room.refuse(forbidden)
    await aTaskLater()
    store.attend(BOB)
    expect(told).toEqual(['FORBIDDEN', undefined])
  })

  it("shows the room's own error first", async () => {
    const { store, room } = await openRoom(ADA)
    const own = new ZoogateError('NO_AUTH', 'not readable')
    room.refuse(forbidden)
    room.show({ error: own })
    await aTaskLater()
    expect(store.getSnapshot().error).toBe(own)
  })

  it('does not show a failure that other data has overtaken', async () => {
    const { store, room } = await openRoom(ADA)
    room.refuse(forbidden)
    store.attend(BOB)
    await aTaskLater()
    expect(store.getSnapshot().error).toBeNull()
  })

  it('is joined again in the next session after a failure, and only then', async () => {
    const { client, room } = await openRoom(ADA)
    client.newSession()
    expect(room.calls).toEqual([`join ${ADA}`])
    room.refuse(forbidden)
    await aTaskLater()
    client.newSession()
    expect(room.calls).toEqual([`join ${ADA}`, `join ${ADA}`])
  })

  it('is not joined again once it is closed', async () => {
    const { client, room, leave } = await openRoom(ADA)
    room.refuse(forbidden)
    await aTaskLater()
    expect(client.listening()).toBe(1)
    leave()
    await aTaskLater()
    expect(client.listening()).toBe(0)
    client.newSession()
    expect(room.calls).toEqual([`join ${ADA}`])
  })

  it('is not joined again in the next session after leave()', async () => {
    const { client, store, room } = await openRoom(ADA)
    const left = store.leave()
    room.answer()
    await left
    client.newSession()
    expect(room.calls).toEqual([`join ${ADA}`, 'leave'])
  })
})

describe("a room's actions", () => {
  it('go to the room, and settle as it does', async () => {
    const { store, room } = await openRoom()
    const joined = store.join({ name: 'Ada' })
    room.answer()
    expect((await joined).data).toEqual({ name: 'Ada' })
    const updated = store.update({ name: 'Bob' })
    room.refuse(forbidden)
    await expect(updated).rejects.toBe(forbidden)
    expect(store.getSnapshot().error).toBeNull()
  })

  it('open the room for a listener that could not wait', async () => {
    const client = createFakeClient()
    const store = createRoomStore<{ name: string }>(client.zk, '/room')
    store.subscribe(() => undefined)
    const joined = store.join({ name: 'Ada' })
    client.rooms[0]?.answer()
    await joined
    expect(client.rooms).toHaveLength(1)
  })

  it.each(['join', 'update', 'leave'] as const)(
    '%s rejects without a listener of the room',
    async (action) => {
      const store = createRoomStore<{ name: string }>(createFakeClient().zk, '/room')
      await expect(store[action]({ name: 'Ada' })).rejects.toMatchObject({
        code: 'BAD_REQUEST',
        path: '/room',
        message: expect.stringContaining('from an effect or an event handler'),
      })
    },
  )

  it('reject without a client', async () => {
    const store = createRoomStore<{ name: string }>(null, '/room')
    store.subscribe(() => undefined)
    await expect(store.join({ name: 'Ada' })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('no client yet'),
    })
  })
})
