import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameReader } from '../../../../../server/src/zookeeper/codec/frames.js'
import { readStat } from '../../../../../server/src/zookeeper/codec/replies.js'
import { stat } from '../../../../tools/zookeeper-link/fake-server.js'

describe('a stat', () => {
  it('names zxids as their hexadecimal, whatever their size', () => {
    const long = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })
    fc.assert(
      fc.property(long, long, long, (czxid, mzxid, pzxid) => {
        const bytes = stat({ czxid, mzxid, pzxid })
        const read = readStat(new FrameReader().over(bytes, 0, bytes.length), Buffer.alloc(8))
        const hex = (value: bigint) => `0x${value.toString(16)}`
        expect(read).toMatchObject({ czxid: hex(czxid), mzxid: hex(mzxid), pzxid: hex(pzxid) })
      }),
    )
  })

  it.each([
    [0n, null],
    [0x1234567890abcdn, 'mine'],
    [0x1234567890abcen, 'other'],
    [0x234567890abcdn, 'other'],
  ])('gives for the ephemeral owner %i the owner %s', (owner, said) => {
    const bytes = stat({ owner })
    const mine = Buffer.from('001234567890abcd', 'hex')
    expect(readStat(new FrameReader().over(bytes, 0, bytes.length), mine).owner).toBe(said)
  })
})
