import { beforeEach, describe, expect, it, vi } from 'vitest'
import { MAX_FAILED_PASSES } from '../../examples/presence-board/src/visit.js'
import { failure } from './fake-room-client.js'
import { LOST_READ, ROOM, RoomStage } from './room-stage.js'

let stage: RoomStage

beforeEach(() => {
  stage = new RoomStage()
})

describe('a link that breaks', () => {
  it('changes nobody, and costs one read of the list when nothing happened meanwhile', async () => {
    stage.furnish('Grace', 'Edsger')
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    stage.changes = []
    stage.client.calls.length = 0
    stage.client.dropLink()
    expect(stage.names()).toEqual(['Grace', 'Edsger', 'Ada'])
    stage.client.open('0x1')
    await vi.waitFor(() => expect(stage.client.calls).toEqual([`getChildren ${ROOM}`]))
    await stage.settled()
    expect(stage.changes).toEqual([])
    expect(stage.client.mostWatches).toBe(1)
  })

  it('shows afterwards who came and went meanwhile', async () => {
    const [grace] = stage.furnish('Grace', 'Edsger')
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    stage.changes = []
    stage.client.dropLink()
    stage.client.removeNode(grace ?? '')
    stage.join('Barbara')
    stage.client.open('0x1')
    await stage.settled()
    expect(stage.told().sort()).toEqual(['Barbara joined', 'Grace left'])
    expect(stage.client.mostWatches).toBe(1)
  })

  it('sets the watch on the list again when it fires during a read that set none', async () => {
    stage.furnish('Grace')
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    stage.client.dropLink()
    stage.client.faults.push({ op: 'getChildren', before: () => stage.join('Edsger') })
    stage.client.open('0x1')
    await vi.waitFor(() => expect(stage.names()).toEqual(['Grace', 'Ada', 'Edsger']))
    await stage.settled()
    expect(stage.client.mostWatches).toBe(1)
  })

  it('reads everything once more when a read was lost', async () => {
    const [grace, edsger] = stage.furnish('Grace', 'Edsger')
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    stage.client.faults.push({ op: 'getData', error: LOST_READ, before: () => stage.client.dropLink() })
    stage.client.writeNode(grace ?? '', { name: 'Hopper' })
    await vi.waitFor(() => expect(stage.client.faults).toEqual([]))
    stage.client.calls.length = 0
    stage.client.open('0x1')
    await vi.waitFor(() => expect(stage.names()).toContain('Hopper'))
    await stage.settled()
    expect(stage.client.calls.sort()).toEqual(
      [
        `getChildren ${ROOM}`,
        `getData ${ROOM}/member-0000000002`,
        `getData ${edsger}`,
        `getData ${grace} watch`,
      ].sort(),
    )
  })

  it('sets the watch on a member again when it fires during a read that set none', async () => {
    const [grace, edsger] = stage.furnish('Grace', 'Edsger')
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    stage.client.faults.push(
      { op: 'getData', path: grace, error: LOST_READ, before: () => stage.client.dropLink() },
      {
        op: 'getData',
        path: edsger,
        before: () => stage.client.writeNode(edsger ?? '', { name: 'Dijkstra' }),
      },
    )
    stage.client.writeNode(grace ?? '', { name: 'Hopper' })
    await vi.waitFor(() => expect(stage.client.faults).toHaveLength(1))
    stage.client.open('0x1')
    await vi.waitFor(() => expect(stage.names()).toEqual(['Hopper', 'Dijkstra', 'Ada']))
    await stage.settled()
    expect(stage.client.mostWatches).toBe(1)
  })

  it('reads again when the link is back before the loss is told', async () => {
    stage.furnish('Grace')
    stage.client.faults.push({ op: 'getChildren', error: LOST_READ })
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    expect(stage.waits).toHaveLength(1)
    expect(stage.errors).toEqual([])
  })
})

describe('errors that may pass', () => {
  it('waits longer each time and reports the one that stays', async () => {
    stage.furnish('Grace')
    const throttled = failure('THROTTLED', { retryable: true })
    for (let pass = 0; pass < MAX_FAILED_PASSES; pass += 1) {
      stage.client.faults.push({ op: 'getChildren', error: throttled })
    }
    stage.openRoom()
    stage.client.open('0x1')
    await vi.waitFor(() => expect(stage.errors).toEqual([throttled]))
    expect(stage.waits).toEqual([500, 1_000, 2_000, 4_000])
  })

  it('starts over when the link comes up again', async () => {
    stage.furnish('Grace')
    stage.client.faults.push({ op: 'getChildren', error: failure('NO_AUTH') })
    stage.openRoom()
    stage.client.open('0x1')
    await vi.waitFor(() => expect(stage.errors).toHaveLength(1))
    stage.client.dropLink()
    stage.client.open('0x1')
    await stage.settled()
    expect(stage.names()).toEqual(['Grace', 'Ada'])
  })
})

describe('the end of a session', () => {
  it('replaces the own card, leaves the others alone and sets every watch anew', async () => {
    stage.furnish('Grace', 'Edsger')
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    stage.changes = []
    stage.client.endSession('expired')
    expect(stage.names()).toEqual(['Grace', 'Edsger'])
    stage.client.open('0x2')
    await vi.waitFor(() => expect(stage.names()).toEqual(['Grace', 'Edsger', 'Ada']))
    await stage.settled()
    expect(stage.told()).toEqual(['Ada left', 'Ada joined'])
    expect(stage.ownNodes()).toEqual([`${ROOM}/member-0000000003`])
  })

  it('keeps the own card when another page took the session over, and shows it as not its own after rejoining', async () => {
    stage.furnish()
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    stage.client.endSession('taken_over')
    expect(stage.members.map((member) => member.mine)).toEqual([true])
    stage.client.open('0x2')
    await vi.waitFor(() => expect(stage.members.map((member) => member.mine)).toEqual([false, true]))
  })

  it('is deaf to answers that come for the session before', async () => {
    const [grace] = stage.furnish('Grace')
    const room = stage.openRoom()
    stage.client.faults.push({ op: 'getData', before: () => stage.client.endSession('closed') })
    stage.client.open('0x1')
    await vi.waitFor(() => expect(stage.client.faults).toEqual([]))
    room.setIdentity({ name: 'Nobody', colour: 'moss' })
    await new Promise(setImmediate)
    expect(stage.changes).toEqual([])
    expect(stage.errors).toEqual([])
    expect(stage.callsOf('create')).toEqual([])
    stage.client.removeNode(grace ?? '')
    stage.client.open('0x2')
    await stage.settled()
    expect(stage.told()).toEqual(['Nobody joined'])
  })

  it('reports no error for the calls that the end of the session cut off', async () => {
    stage.furnish('Grace')
    stage.openRoom()
    stage.client.faults.push({
      op: 'getChildren',
      error: failure('SESSION_EXPIRED'),
      before: () => stage.client.endSession('expired'),
    })
    stage.client.open('0x1')
    await vi.waitFor(() => expect(stage.client.faults).toEqual([]))
    stage.client.open('0x2')
    await stage.settled()
    expect(stage.errors).toEqual([])
    expect(stage.names()).toEqual(['Grace', 'Ada'])
  })

  it('follows nothing after dispose', async () => {
    stage.furnish('Grace')
    const room = stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    stage.changes = []
    stage.client.calls.length = 0
    room.dispose()
    stage.join('Edsger')
    stage.client.dropLink()
    stage.client.open('0x1')
    await new Promise(setImmediate)
    expect(stage.changes).toEqual([])
    expect(stage.client.calls).toEqual([])
  })
})
