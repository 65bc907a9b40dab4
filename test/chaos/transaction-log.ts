import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * ZooKeeper's own record of what was done: every server writes each transaction to `version-2/log.*` before it
 * acknowledges it. The format is that of FileTxnLog and of the records in zookeeper.jute (Apache ZooKeeper 3.8).
 */
export interface Transaction {
  zxid: number
  /** `0x…` of the session that asked for it. */
  session: string
  /** Wall clock of the leader, in ms. */
  wallMs: number
  type: 'create' | 'delete' | 'setData' | 'createSession' | 'closeSession' | 'other'
  /** '' where the type has none. */
  path: string
  /** What was written; '' where the type has none. */
  value: string
  isEphemeral: boolean
}

const FILE_HEADER_BYTES = 16
const MAGIC = 0x5a4b4c47
const TYPES: Record<number, Transaction['type']> = {
  1: 'create',
  15: 'create',
  19: 'create',
  21: 'create',
  2: 'delete',
  5: 'setData',
  [-10]: 'createSession',
  [-11]: 'closeSession',
}
const MULTI = 14

/**
 * The committed transactions in their order: a committed one stands in the logs of a majority. What a deposed leader wrote to
 * its own log and could not get acknowledged by another server never happened, although it may stand there for ever.
 *
 * @param dataDirs one for each server
 */
export function readCommitted(dataDirs: string[]): Transaction[] {
  return committed(dataDirs.map(readServer))
}

/** @param logs what each server has written */
export function committed(logs: Transaction[][]): Transaction[] {
  const found = new Map<string, { transaction: Transaction; servers: number }>()
  for (const log of logs) {
    // A server may have written one twice: after a restart it starts another file.
    for (const [key, transaction] of new Map(log.map((one) => [keyOf(one), one]))) {
      const known = found.get(key)
      if (known) known.servers += 1
      else found.set(key, { transaction, servers: 1 })
    }
  }
  return [...found.values()]
    .filter(({ servers }) => servers > logs.length / 2)
    .map(({ transaction }) => transaction)
    .sort((a, b) => a.zxid - b.zxid)
}

/** The parts of a multi share one zxid. */
function keyOf({ zxid, session, type, path }: Transaction): string {
  return `${zxid} ${session} ${type} ${path}`
}

function readServer(dir: string): Transaction[] {
  const folder = join(dir, 'version-2')
  const files = readdirSync(folder).filter((name) => name.startsWith('log.'))
  return files.flatMap((name) => parseTransactionLog(readFileSync(join(folder, name))))
}

/** A file ends with zeros that were allocated ahead, or in the middle of a record that a kill cut off. */
export function parseTransactionLog(file: Buffer): Transaction[] {
  if (file.length < FILE_HEADER_BYTES) return []
  if (file.readUInt32BE(0) !== MAGIC) throw new Error('no transaction log of ZooKeeper: wrong magic number')
  const transactions: Transaction[] = []
  let at = FILE_HEADER_BYTES
  // Each: checksum (8), length (4), the record, one byte 'B' that says it was written to its end.
  while (at + 12 <= file.length) {
    const length = file.readInt32BE(at + 8)
    const end = at + 12 + length
    if (length <= 0 || file[end] !== 0x42) break
    transactions.push(...parseTransaction(new JuteReader(file.subarray(at + 12, end))))
    at = end + 1
  }
  return transactions
}

function parseTransaction(record: JuteReader): Transaction[] {
  const session = `0x${record.long().toString(16)}`
  record.int() // the number of the request within its connection
  const header = { session, zxid: Number(record.long()), wallMs: Number(record.long()) }
  const type = record.int()
  if (type !== MULTI) return [{ ...header, ...parseBody(type, record) }]
  return Array.from({ length: record.int() }, () => {
    const partType = record.int()
    return { ...header, ...parseBody(partType, new JuteReader(record.bytes())) }
  })
}

type Body = Pick<Transaction, 'type' | 'path' | 'value' | 'isEphemeral'>

function parseBody(number: number, record: JuteReader): Body {
  const type = TYPES[number] ?? 'other'
  if (type !== 'create' && type !== 'setData' && type !== 'delete') {
    return { type, path: '', value: '', isEphemeral: false }
  }
  const path = record.bytes().toString('utf8')
  const value = type === 'delete' ? '' : record.bytes().toString('utf8')
  return { type, path, value, isEphemeral: type === 'create' && record.skipAcl().bool() }
}

class JuteReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int(): number {
    this.#at += 4
    return this.#bytes.readInt32BE(this.#at - 4)
  }

  long(): bigint {
    this.#at += 8
    return this.#bytes.readBigUInt64BE(this.#at - 8)
  }

  bool(): boolean {
    this.#at += 1
    return this.#bytes[this.#at - 1] === 1
  }

  /** A string or a buffer; −1 stands for none. */
  bytes(): Buffer {
    const length = Math.max(0, this.int())
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  skipAcl(): this {
    for (let left = this.int(); left > 0; left--) {
      this.int()
      this.bytes()
      this.bytes()
    }
    return this
  }
}
