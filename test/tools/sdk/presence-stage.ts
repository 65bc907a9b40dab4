import { vi } from 'vitest'
import type { ClientOptions, Presence } from '../../../client-sdk/src/index.js'
import type { Call } from '../../../client-sdk/src/protocol.js'
import { FakeGateway } from './fake-gateway.js'
import type { Playground } from './playground.js'

export const ROOM = '/rooms/42'

/** A gateway at which rooms can be created. */
export function standing(): FakeGateway {
  const gateway = new FakeGateway()
  gateway.tree.create('/rooms', '', null)
  return gateway
}

/** Pages at such a gateway; `start` is the result of `preparePlayground`. */
export function presenceStage(start: (options: Partial<ClientOptions>) => Playground) {
  async function page(gateway: FakeGateway) {
    const { zk, settle } = start({ WebSocket: gateway.Socket })
    zk.connect().catch(() => undefined)
    await settle()
    /** Waits for a redial and everything that follows it. */
    const redial = () => vi.advanceTimersByTimeAsync(5_001)
    return { zk, settle, redial }
  }
  async function inRoom(group?: string) {
    const gateway = standing()
    const all = await page(gateway)
    const room = all.zk.presence<{ n: number } | string>(ROOM, group === undefined ? {} : { group })
    const told = tell(room)
    await all.settle()
    return { gateway, room, told, ...all }
  }
  return { page, inRoom }
}

/** The events in short. */
export function tell(room: Presence<unknown>): string[] {
  const told: string[] = []
  room.on('joined', ({ member }) => told.push(`joined ${JSON.stringify(member.data)}`))
  room.on('changed', ({ member, previous }) =>
    told.push(`changed ${JSON.stringify(previous.data)} to ${JSON.stringify(member.data)}`),
  )
  room.on('left', ({ member }) => told.push(`left ${JSON.stringify(member.data)}`))
  return told
}

export const members = (room: Presence<unknown>) => room.getSnapshot().members.map(({ data }) => data)

/** A fault of the first call of this operation. */
export function once(op: Call['op'], fault: ReturnType<FakeGateway['fault']>) {
  let isOver = false
  return (call: Call) => {
    if (isOver || call.op !== op) return undefined
    isOver = true
    return fault
  }
}

/** The calls, without the ones about views. */
export const writes = ({ called }: FakeGateway) => called.filter((text) => !/View/.test(text))
