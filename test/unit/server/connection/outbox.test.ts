import { describe, expect, it, vi } from 'vitest'
import { Outbox } from '../../../../server/src/connection/outbox.js'

const tick = () => new Promise<void>((resolve) => process.nextTick(resolve))

function start(bufferedAmount = 0) {
  const sent: unknown[] = []
  const overflow = vi.fn()
  const send = (text: string | Buffer) => sent.push(JSON.parse(`${text}`))
  const socket = { bufferedAmount, send, sendShared: send }
  return { outbox: new Outbox(socket, 1000, overflow), sent, overflow }
}

describe('an outbox', () => {
  it('sends the messages of one tick as one frame, in order', async () => {
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

  it('gives the bytes that the page has not read, as its socket counts them', () => {
    expect(start(17).outbox.bufferedBytes).toBe(17)
  })

  it('overflows when its backlog exceeds the limit', async () => {
    const [full, over] = [start(1000), start(1001)]
    for (const { outbox } of [full, over]) outbox.push({ type: 'ping', id: 1 })
    await tick()
    expect(full.overflow).not.toHaveBeenCalled()
    expect(over.overflow).toHaveBeenCalledTimes(1)
  })

  it('sends its messages and the last word when it closes, and drops later messages', async () => {
    const { outbox, sent, overflow } = start(1001)
    outbox.push({ type: 'ping', id: 1 })
    outbox.close({ type: 'ping', id: 2 })
    outbox.push({ type: 'ping', id: 3 })
    outbox.close({ type: 'ping', id: 4 })
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

describe('a text that many pages share', () => {
  it('follows the messages written before it, in a frame of its own', async () => {
    const { outbox, sent } = start()
    outbox.push({ type: 'ping', id: 1 })
    outbox.pushShared(Buffer.from('{"shared":true}'))
    outbox.push({ type: 'ping', id: 2 })
    await tick()
    expect(sent).toEqual([{ type: 'ping', id: 1 }, { shared: true }, { type: 'ping', id: 2 }])
  })

  it('is dropped after the close, and overflows an outbox whose backlog exceeds the limit', () => {
    const { outbox, sent, overflow } = start(1001)
    outbox.pushShared(Buffer.from('{}'))
    expect(overflow).toHaveBeenCalledTimes(1)
    outbox.close()
    outbox.pushShared(Buffer.from('{}'))
    expect(sent).toEqual([{}])
  })
})
