import { describe, expect, it, vi } from 'vitest'
import { Outbox } from '../../server/src/outbox.js'

const tick = () => new Promise<void>((resolve) => process.nextTick(resolve))

function start(bufferedAmount = 0) {
  const sent: unknown[] = []
  const overflow = vi.fn()
  const socket = { bufferedAmount, send: (text: string) => sent.push(JSON.parse(text)) }
  return { outbox: new Outbox(socket, 1000, overflow), sent, overflow }
}

describe('an outbox', () => {
  it('sends what one tick wrote as one frame, in order', async () => {
    const { outbox, sent } = start()
    outbox.push({ type: 'ping', id: 1 })
    outbox.push({ type: 'pong', id: 2 })
    expect(sent).toEqual([])
    await tick()
    outbox.push({ type: 'ping', id: 3 })
    await tick()
    expect(sent).toEqual([
      [
        { type: 'ping', id: 1 },
        { type: 'pong', id: 2 },
      ],
      { type: 'ping', id: 3 },
    ])
  })

  it('tells when more is waiting than its limit', async () => {
    const { outbox, overflow } = start(1001)
    outbox.push({ type: 'ping', id: 1 })
    await tick()
    expect(overflow).toHaveBeenCalledTimes(1)
  })

  it('sends what is there and the last word at its close, whatever is waiting, and drops the rest', async () => {
    const { outbox, sent, overflow } = start(1001)
    outbox.push({ type: 'ping', id: 1 })
    outbox.close({ type: 'ping', id: 2 })
    outbox.push({ type: 'ping', id: 3 })
    await tick()
    expect(sent).toEqual([
      [
        { type: 'ping', id: 1 },
        { type: 'ping', id: 2 },
      ],
    ])
    expect(overflow).not.toHaveBeenCalled()
  })
})
