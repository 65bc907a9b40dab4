import { describe, expect, it } from 'vitest'
import { FrameReader } from '../../../../../server/src/zookeeper/codec/frames.js'
import { encodeMulti, readMulti } from '../../../../../server/src/zookeeper/codec/multi.js'
import { PartRefusal } from '../../../../../server/src/zookeeper/codec/records.js'
import { int, MULTI_END, stat, text } from '../../../../tools/zookeeper-link/fake-server.js'

const header = (type: number) => Buffer.concat([int(type), Buffer.of(0), int(0)])
const refused = (err: number) => Buffer.concat([header(-1), int(err)])

function read(...parts: Buffer[]): ReturnType<typeof readMulti> {
  const bytes = Buffer.concat(parts)
  return readMulti(new FrameReader().over(bytes, 0, bytes.length), Buffer.alloc(8))
}

describe('the answer to a transaction', () => {
  it('gives a result for each part, with the stat of a create if the server sends it', () => {
    const answer = read(
      header(1),
      text('/a'),
      header(15),
      text('/b'),
      stat(),
      header(2),
      header(5),
      stat(),
      MULTI_END,
    )
    expect(answer).toEqual({
      results: [
        { path: '/a' },
        { path: '/b', stat: expect.objectContaining({ version: 4 }) },
        {},
        { stat: expect.objectContaining({ version: 4 }) },
      ],
    })
  })

  it.each([
    [[-101, -2, -2], 0],
    [[0, 0, -103], 2],
    [[0, -110, -2], 1],
  ])('names for the errors %j part %d', (errors, part) => {
    expect(read(...errors.map(refused), MULTI_END)).toEqual(new PartRefusal(errors[part] as number, part))
  })

  it.each([
    ['of an unknown type', [header(99), MULTI_END], 'type 99'],
    ['without an end', [header(2)], 'are left'],
    ['with errors of 0 only', [refused(0), MULTI_END], 'no part has failed'],
  ])('is a bad frame if it is %s', (_title, parts, message) => {
    expect(() => read(...parts)).toThrow(message)
  })
})

describe('a transaction', () => {
  it('is written as headers and records with an end, and with its versions unchanged', () => {
    const written = encodeMulti([
      { op: 'check', path: '/c', version: 0 },
      { op: 'delete', path: '/d', version: -1 },
    ])
    const part = (type: number) => Buffer.concat([int(type), Buffer.of(0), int(-1)])
    const body = [int(0), int(14), part(13), text('/c'), int(0), part(2), text('/d'), int(-1), MULTI_END]
    expect(written.subarray(4)).toEqual(Buffer.concat(body))
    expect(written.readInt32BE(0)).toBe(written.length - 4)
  })
})
