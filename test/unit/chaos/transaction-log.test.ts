import { describe, expect, it } from 'vitest'
import { committed, parseTransactionLog } from '../../chaos/transaction-log.js'
import { transaction } from '../../tools/chaos/good-history.js'

const int = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const long = (value: bigint) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}
const text = (value: string) => Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)])
const acl = Buffer.concat([int(1), int(31), text('world'), text('anyone')])

const FILE_HEADER = Buffer.concat([Buffer.from('ZKLG'), int(2), long(0n)])
const header = (zxid: bigint, type: number) =>
  Buffer.concat([long(-2n), int(1), long(zxid), long(1_700n), int(type)])
const record = (...parts: Buffer[]) => {
  const body = Buffer.concat(parts)
  return Buffer.concat([long(0n), int(body.length), body, Buffer.from('B')])
}

describe('a transaction log', () => {
  it('gives its transactions, up to the zeros at its end', () => {
    const created = record(header(0x1_0000_0001n, 1), text('/e'), text('v'), acl, Buffer.from([1]), int(0))
    const written = record(header(0x1_0000_0002n, 5), text('/e'), text('w'), int(1))
    const file = Buffer.concat([FILE_HEADER, created, written, Buffer.alloc(64)])
    const shared = { session: '0xfffffffffffffffe', wallMs: 1_700, path: '/e' }
    expect(parseTransactionLog(file)).toEqual([
      { ...shared, zxid: 0x1_0000_0001, type: 'create', value: 'v', isEphemeral: true },
      { ...shared, zxid: 0x1_0000_0002, type: 'setData', value: 'w', isEphemeral: false },
    ])
  })

  it('gives each part of a multi', () => {
    const parts = [
      [2, text('/gone')],
      [-10, int(4_000)],
    ] as const
    const multi = parts.map(([type, body]) => Buffer.concat([int(type), int(body.length), body]))
    const file = Buffer.concat([FILE_HEADER, record(header(7n, 14), int(2), ...multi)])
    expect(parseTransactionLog(file)).toMatchObject([
      { zxid: 7, type: 'delete', path: '/gone' },
      { zxid: 7, type: 'createSession', path: '' },
    ])
  })

  it('ends before a record that a kill cut off', () => {
    const whole = record(header(7n, -11))
    const file = Buffer.concat([FILE_HEADER, whole, whole.subarray(0, whole.length - 1)])
    expect(parseTransactionLog(file)).toHaveLength(1)
    expect(parseTransactionLog(FILE_HEADER.subarray(0, 9))).toEqual([])
  })

  it('is refused when it is something else', () => {
    expect(() => parseTransactionLog(Buffer.alloc(64))).toThrow('wrong magic number')
  })
})

describe('the logs of three servers', () => {
  const written = (zxid: number) => transaction(zxid, { type: 'setData', path: '/r', value: String(zxid) })

  it('give what a majority has written, once and in order', () => {
    const logs = [[written(2), written(1)], [written(1), written(1), written(2)], [written(2)]]
    expect(committed(logs)).toEqual([written(1), written(2)])
  })

  it('leave out what a deposed leader wrote alone', () => {
    const logs = [[written(1), written(2)], [written(1)], [written(1)]]
    expect(committed(logs)).toEqual([written(1)])
  })
})
