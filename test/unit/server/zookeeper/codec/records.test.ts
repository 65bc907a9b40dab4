import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameReader } from '../../../../../server/src/zookeeper/codec/frames.js'
import {
  encodeCreate,
  encodeDelete,
  encodeRead,
  encodeSetData,
  encodeSetWatches,
  PING,
  readStat,
  XID_AT,
} from '../../../../../server/src/zookeeper/codec/records.js'
import { stat } from '../../../../tools/zookeeper-link/fake-server.js'

// The package's generic codec is the oracle for the requests that do without it.
const jute = createRequire(import.meta.url)('node-zookeeper-client/lib/jute/index.js')

function oracle(xid: number, type: number, record: string, ...fields: unknown[]): Buffer {
  const payload = new jute.protocol[record](...fields)
  return new jute.Request(new jute.protocol.RequestHeader(xid, type), payload).toBuffer()
}

/** As it is sent. */
function numbered(xid: number, frame: Buffer): Buffer {
  frame.writeInt32BE(xid, XID_AT)
  return frame
}

const xid = fc.integer({ min: 1, max: 0x7fffffff })
const path = fc.string({ unit: 'binary' }).map((name) => `/${name}`)
const data = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes))
const version = fc.integer({ min: -1, max: 0x7fffffff })
const flags = fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const)
const ttlMs = fc.integer({ min: 0, max: 2 ** 40 - 1 })
const acl = fc.array(
  fc.record({
    perms: fc.integer({ min: 0, max: 31 }),
    scheme: fc.string(),
    id: fc.string({ unit: 'binary' }),
  }),
  { maxLength: 4 },
)

describe('a request', () => {
  it('has the bytes of the package for exists, getData and getChildren', () => {
    const types = fc.constantFrom([3, 'ExistsRequest'], [4, 'GetDataRequest'], [12, 'GetChildren2Request'])
    fc.assert(
      fc.property(xid, types, path, fc.boolean(), (n, [type, record], where, watch) => {
        expect(numbered(n, encodeRead(Number(type), where, watch))).toEqual(
          oracle(n, Number(type), String(record), where, watch),
        )
      }),
    )
  })

  it('has the bytes of the package for delete and setData', () => {
    fc.assert(
      fc.property(xid, path, data, version, (n, where, bytes, v) => {
        expect(numbered(n, encodeDelete(where, v))).toEqual(oracle(n, 2, 'DeleteRequest', where, v))
        expect(numbered(n, encodeSetData(where, bytes, v))).toEqual(
          oracle(n, 5, 'SetDataRequest', where, bytes, v),
        )
      }),
    )
  })

  it('has the bytes of the package for create', () => {
    fc.assert(
      fc.property(xid, path, data, acl, flags, (n, where, bytes, entries, flag) => {
        const records = entries.map(
          ({ perms, scheme, id }) => new jute.data.ACL(perms, new jute.data.Id(scheme, id)),
        )
        expect(numbered(n, encodeCreate(where, bytes, entries, flag, 0))).toEqual(
          oracle(n, 15, 'CreateRequest', where, bytes, records, flag),
        )
      }),
    )
  })

  it('differs from the package for containers and times to live only in its type and end', () => {
    const types = fc.constantFrom([4, 19] as const, [5, 21] as const, [6, 21] as const)
    fc.assert(
      fc.property(path, data, types, ttlMs, (where, bytes, [flag, type], ttl) => {
        const known = oracle(7, type, 'CreateRequest', where, bytes, [], flag)
        const end = type === 21 ? Buffer.alloc(8) : Buffer.alloc(0)
        if (type === 21) end.writeBigInt64BE(BigInt(ttl))
        const expected = Buffer.concat([known, end])
        expected.writeInt32BE(expected.length - 4, 0)
        expect(numbered(7, encodeCreate(where, bytes, [], flag, ttl))).toEqual(expected)
      }),
    )
  })

  it('has the bytes of the package for setWatches', () => {
    const paths = fc.array(path, { maxLength: 3 })
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
        paths,
        paths,
        paths,
        (at, data, exist, child) => {
          const zxid = Buffer.alloc(8)
          zxid.writeBigInt64BE(at)
          const said = encodeSetWatches(zxid, { data, exist, child, persistent: [], recursive: [] })
          expect(said).toEqual(oracle(-8, 101, 'SetWatches', zxid, data, exist, child))
        },
      ),
    )
  })

  it('has the bytes of the package for ping', () => {
    expect(PING).toEqual(new jute.Request(new jute.protocol.RequestHeader(-2, 11), null).toBuffer())
  })
})

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
