import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { BadFrame, FrameParser } from '../../../../../server/src/zookeeper/codec/frames.js'
import { frame, int } from '../../../../tools/zookeeper-link/fake-server.js'

function parse(parser: FrameParser, chunk: Buffer): Buffer[] {
  const frames: Buffer[] = []
  parser.feed(chunk)
  for (let next = parser.next(); next !== null; next = parser.next()) {
    frames.push(Buffer.from(next.fixed(next.remaining)))
  }
  return frames
}

function cut(bytes: Buffer, cuts: number[]): Buffer[] {
  const at = [0, ...cuts.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}

describe('a frame parser', () => {
  it('finds the same frames however the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 })
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 60 })
    fc.assert(
      fc.property(bodies, cuts, (given, shares) => {
        const expected = given.map((body) => Buffer.from(body))
        const parser = new FrameParser(200)
        const stream = Buffer.concat(expected.map((body) => frame(body)))
        expect(cut(stream, shares).flatMap((chunk) => parse(parser, chunk))).toEqual(expected)
      }),
    )
  })

  it('finds the same frames byte by byte', () => {
    const expected = ['', 'a', 'four', 'a longer one'].map((body) => Buffer.from(body))
    const parser = new FrameParser(100)
    const stream = Buffer.concat(expected.map((body) => frame(body)))
    expect([...stream].flatMap((byte) => parse(parser, Buffer.of(byte)))).toEqual(expected)
  })

  it.each([-1, -(2 ** 31), 101, 2 ** 31 - 1])(
    'refuses a length field of %i if 100 is the limit',
    (length) => {
      expect(() => parse(new FrameParser(100), int(length))).toThrow(BadFrame)
      const parser = new FrameParser(100)
      parse(parser, int(length).subarray(0, 3))
      expect(() => parse(parser, int(length).subarray(3))).toThrow(BadFrame)
    },
  )

  it('accepts a frame of exactly the limit', () => {
    expect(parse(new FrameParser(100), frame(Buffer.alloc(100)))).toEqual([Buffer.alloc(100)])
  })

  it('copies nothing of frames that lie whole in a chunk', () => {
    const chunk = Buffer.concat(Array.from({ length: 10_000 }, () => frame(Buffer.alloc(16))))
    const work = measured(() => expect(count(new FrameParser(100), [chunk])).toBe(10_000))
    expect(work).toEqual({ copiedBytes: 0, buffersMade: 0 })
  })

  it('copies each byte once, into one buffer, of a frame that comes in a thousand pieces', () => {
    const bytes = 1024 * 1024
    const pieces = cut(
      frame(Buffer.alloc(bytes)),
      Array.from({ length: 999 }, (_, i) => (i + 1) / 1000),
    )
    const work = measured(() => expect(count(new FrameParser(bytes), pieces)).toBe(1))
    expect(work).toEqual({ copiedBytes: bytes, buffersMade: 1 })
  })
})

function count(parser: FrameParser, chunks: Buffer[]): number {
  let found = 0
  for (const chunk of chunks) {
    parser.feed(chunk)
    while (parser.next() !== null) found++
  }
  return found
}

/** Counts the work itself, since a clock on a busy machine says little about a millisecond. */
function measured(work: () => void): { copiedBytes: number; buffersMade: number } {
  const copy = vi.spyOn(Buffer.prototype, 'copy')
  const makers = [vi.spyOn(Buffer, 'concat'), vi.spyOn(Buffer, 'alloc'), vi.spyOn(Buffer, 'allocUnsafe')]
  work()
  const copiedBytes = copy.mock.results.reduce((sum, { value }) => sum + Number(value), 0)
  const buffersMade = makers.reduce((sum, { mock }) => sum + mock.calls.length, 0)
  vi.restoreAllMocks()
  return { copiedBytes, buffersMade }
}
