import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Identity } from '../../examples/presence-board/src/member.js'
import { READS_AT_ONCE } from '../../examples/presence-board/src/visit.js'
import { failure } from './fake-room-client.js'
import { LOST_WRITE, ROOM, RoomStage } from './room-stage.js'

let stage: RoomStage

beforeEach(() => {
  stage = new RoomStage()
})

describe('entering', () => {
  it('creates the room with its parents where they are missing, and its own node in it', async () => {
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    expect(stage.members).toEqual([
      { node: 'member-0000000000', name: 'Ada', colour: 'cobalt', joinedAt: 5_000, mine: true },
    ])
    expect(stage.errors).toEqual([])
  })

  it('touches no parent that exists, since it may not be allowed to', async () => {
    stage.furnish()
    stage.client.removeNode(ROOM)
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    expect(stage.callsOf('create')).toEqual([`create ${ROOM}`, `create ${ROOM}/member-`])
  })

  it('shows who is here already, in the order of arrival, and itself last', async () => {
    stage.furnish('Grace', 'Edsger')
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    expect(stage.names()).toEqual(['Grace', 'Edsger', 'Ada'])
    expect(stage.members.map((member) => member.mine)).toEqual([false, false, true])
  })

  it('finds its own node again after a reload instead of creating a second one', async () => {
    stage.furnish('Grace')
    stage.client.addNode(`${ROOM}/member-`, { name: 'Ada', colour: 'cobalt', joinedAt: 3_000 }, '0x1')
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    expect(stage.callsOf('create')).toEqual([])
    expect(stage.members.find((member) => member.mine)?.joinedAt).toBe(3_000)
  })

  it('does not create a second node when the answer to the first create was lost', async () => {
    stage.furnish('Grace')
    stage.client.faults.push({
      op: 'create',
      error: LOST_WRITE,
      executed: true,
      before: () => stage.client.dropLink(),
    })
    stage.openRoom()
    stage.client.open('0x1')
    await vi.waitFor(() => expect(stage.client.faults).toEqual([]))
    stage.client.open('0x1')
    await stage.settled()
    expect(stage.ownNodes()).toHaveLength(1)
    expect(stage.names()).toEqual(['Grace', 'Ada'])
  })

  it('creates its node again when the lost create was not executed', async () => {
    stage.furnish()
    stage.client.faults.push({ op: 'create', error: LOST_WRITE, before: () => stage.client.dropLink() })
    stage.openRoom()
    stage.client.open('0x1')
    await vi.waitFor(() => expect(stage.client.faults).toEqual([]))
    stage.client.open('0x1')
    await stage.settled()
    expect(stage.callsOf('create')).toHaveLength(2)
    expect(stage.ownNodes()).toHaveLength(1)
  })

  it('removes the later of two own nodes when a create that was given up arrives after all', async () => {
    stage.furnish()
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    stage.client.addNode(`${ROOM}/member-`, { name: 'Ada', colour: 'cobalt', joinedAt: 5_000 }, '0x1')
    await vi.waitFor(() => expect(stage.callsOf('delete')).toEqual([`delete ${ROOM}/member-0000000001`]))
    await stage.settled()
    expect(stage.ownNodes()).toEqual([`${ROOM}/member-0000000000`])
    expect(stage.told()).toEqual(['Ada joined'])
  })

  it('goes on showing the others when it may not create a node, and says so once', async () => {
    stage.furnish('Grace')
    const forbidden = failure('FORBIDDEN')
    stage.client.faults.push({ op: 'create', error: forbidden })
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled({ ownCards: 0 })
    stage.join('Edsger')
    await stage.settled({ ownCards: 0 })
    expect(stage.names()).toEqual(['Grace', 'Edsger'])
    expect(stage.errors).toEqual([forbidden])
    expect(stage.callsOf('create')).toHaveLength(1)
  })

  it('comes back when somebody deletes its node', async () => {
    stage.furnish()
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    stage.client.removeNode(`${ROOM}/member-0000000000`)
    await vi.waitFor(() => expect(stage.told()).toEqual(['Ada joined', 'Ada left', 'Ada joined']))
    await stage.settled()
  })
})

describe('following', () => {
  it('tells of arrivals, departures and new names, each once', async () => {
    const [grace] = stage.furnish('Grace')
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    stage.changes = []
    const edsger = stage.join('Edsger')
    await stage.settled()
    stage.client.writeNode(edsger, { name: 'Dijkstra', colour: 'moss', joinedAt: 2_000 })
    await vi.waitFor(() => expect(stage.names()).toContain('Dijkstra'))
    stage.client.removeNode(grace ?? '')
    await stage.settled()
    expect(stage.told()).toEqual(['Edsger joined', 'Dijkstra changed', 'Grace left'])
  })

  it('reads only the member that changed', async () => {
    const [grace] = stage.furnish('Grace', 'Edsger')
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    stage.client.calls.length = 0
    stage.client.writeNode(grace ?? '', { name: 'Hopper' })
    await vi.waitFor(() => expect(stage.names()).toContain('Hopper'))
    await stage.settled()
    expect(stage.client.calls).toEqual([`getData ${grace} watch`])
  })

  it('asks for nothing but the list when a member leaves', async () => {
    const [grace] = stage.furnish('Grace', 'Edsger')
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    stage.client.calls.length = 0
    stage.client.removeNode(grace ?? '')
    await stage.settled()
    expect(stage.client.calls).toEqual([`getChildren ${ROOM} watch`])
    expect(stage.names()).toEqual(['Edsger', 'Ada'])
  })

  it('makes the room again when somebody removes it', async () => {
    stage.furnish()
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    stage.client.removeNode(`${ROOM}/member-0000000000`)
    stage.client.removeNode(ROOM)
    await vi.waitFor(() => expect(stage.told()).toEqual(['Ada joined', 'Ada left', 'Ada joined']))
    await stage.settled()
    expect(stage.errors).toEqual([])
  })

  it('shows no card for a member that leaves between the list and the read', async () => {
    const [grace] = stage.furnish('Grace', 'Edsger')
    stage.client.faults.push({ op: 'getData', before: () => stage.client.removeNode(grace ?? '') })
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    expect(stage.names()).toEqual(['Edsger', 'Ada'])
    expect(stage.told()).not.toContain('Grace left')
    expect(stage.errors).toEqual([])
  })

  it('does not miss a member that joins while the others are read', async () => {
    stage.furnish('Grace')
    stage.client.faults.push({ op: 'getData', before: () => stage.join('Edsger') })
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    expect(stage.names()).toEqual(['Grace', 'Edsger', 'Ada'])
  })

  it('ends with what is there after a storm, with never more than one watch on anything', async () => {
    const paths = stage.furnish('a', 'b', 'c')
    stage.openRoom()
    stage.client.open('0x1')
    for (let round = 0; round < 60; round += 1) {
      paths.push(stage.join(`visitor ${round}`))
      stage.client.writeNode(paths[round + 1] ?? '', { name: `renamed ${round}` })
      if (round % 2 === 0) stage.client.removeNode(paths[round] ?? '')
      // Lets the room get a different distance into its reads in every round.
      for (let turn = 0; turn < round % 7; turn += 1) await Promise.resolve()
    }
    await stage.settled()
    const there = [...stage.client.nodes]
      .filter(([path]) => path.startsWith(`${ROOM}/`))
      .map(([, { data }]) => data)
    await vi.waitFor(() => {
      expect(stage.names().sort()).toEqual(there.map((data) => (JSON.parse(data) as Identity).name).sort())
    })
    expect(stage.client.mostWatches).toBe(1)
    expect(stage.errors).toEqual([])
  })

  it('keeps only so many reads in flight', async () => {
    stage.furnish(...Array.from({ length: 50 }, (_, index) => `visitor ${index}`))
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    expect(stage.client.mostReadsInFlight).toBe(READS_AT_ONCE)
  })

  it('shows a node that holds no JSON under the name of the node', async () => {
    stage.furnish()
    stage.client.addNode(`${ROOM}/from-a-shell`, 'hello', 'somebody else', false)
    stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    expect(stage.members[0]).toMatchObject({
      node: 'from-a-shell',
      name: 'from-a-shell',
      joinedAt: 1_000,
      mine: false,
    })
  })

  it('asks once for a member that it may not read', async () => {
    const [grace] = stage.furnish('Grace')
    const noAuth = failure('NO_AUTH')
    stage.client.faults.push({ op: 'getData', error: noAuth })
    stage.openRoom()
    stage.client.open('0x1')
    await vi.waitFor(() => expect(stage.names()).toEqual(['Ada']))
    const edsger = stage.join('Edsger')
    await vi.waitFor(() => expect(stage.names()).toEqual(['Ada', 'Edsger']))
    expect(stage.callsOf('getData').filter((call) => call.includes(grace ?? ''))).toHaveLength(1)
    expect(stage.callsOf('getData')).toContain(`getData ${edsger} watch`)
    expect(stage.errors).toEqual([noAuth])
  })
})

describe('renaming', () => {
  it('writes the own node and keeps the time of joining', async () => {
    stage.furnish()
    const room = stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    room.setIdentity({ name: 'Countess', colour: 'rose' })
    await vi.waitFor(() => expect(stage.names()).toEqual(['Countess']))
    expect(stage.members[0]).toMatchObject({ colour: 'rose', joinedAt: 5_000, mine: true })
    expect(stage.callsOf('setData')).toHaveLength(1)
  })

  it('writes a name that was chosen while the link was down as soon as it is up', async () => {
    stage.furnish()
    const room = stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    stage.client.dropLink()
    room.setIdentity({ name: 'Countess', colour: 'cobalt' })
    stage.client.open('0x1')
    await vi.waitFor(() => expect(stage.names()).toEqual(['Countess']))
    await stage.settled()
  })

  it('writes the name again when the answer was lost and the write with it', async () => {
    stage.furnish()
    const room = stage.openRoom()
    stage.client.open('0x1')
    await stage.settled()
    stage.client.faults.push({ op: 'setData', error: LOST_WRITE, before: () => stage.client.dropLink() })
    room.setIdentity({ name: 'Countess', colour: 'cobalt' })
    await vi.waitFor(() => expect(stage.client.faults).toEqual([]))
    stage.client.open('0x1')
    await vi.waitFor(() => expect(stage.names()).toEqual(['Countess']))
  })
})
