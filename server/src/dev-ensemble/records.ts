import { type JuteRecord, jute } from '../zookeeper/package.js'

/** One access control entry. `perms` is a bit set: 1 read, 2 write, 4 create, 8 delete, 16 admin. */
export interface Acl {
  perms: number
  id: Id
}

export interface Id {
  scheme: string | null
  id: string | null
}

/** A node's Stat as it goes over the wire. */
export type Stat = FieldsOf<typeof STAT>

/** The type in memory of each wire type. A vector that is null on the wire is an empty array here. */
interface FieldTypes {
  int: number
  long: bigint
  boolean: boolean
  buffer: Buffer | null
  ustring: string | null
  /** A ustring that must not be null. */
  text: string
  'data.Id': Id
  'data.Stat': Stat
  'vector<ustring>': string[]
  'vector<data.ACL>': Acl[]
  'vector<data.Id>': Id[]
}

export type Specification = Readonly<Record<string, keyof FieldTypes>>
export type FieldsOf<S extends Specification> = { [Name in keyof S]: FieldTypes[S[Name]] }

/** A record of the package's codec. Its fields are properties of it. */
interface CodecRecord extends WritableRecord {
  deserialize(buffer: Buffer, offset: number): number
  [field: string]: unknown
}

/** A part of a reply's body. */
export interface WritableRecord extends JuteRecord {
  serialize(buffer: Buffer, offset: number): number
}

type CodecRecordConstructor = new (fields: readonly Field[], values: unknown[]) => CodecRecord

// The package does not export this class, but it is the parent of every class that it generates.
const CodecRecord: CodecRecordConstructor = Object.getPrototypeOf(
  jute.protocol.RequestHeader.prototype,
).constructor

interface Field {
  name: string
  /** As the codec calls it. */
  type: string
  required: boolean
}

/** A frame or a field is shorter than its length says, or the length is impossible. */
export class MalformedRecord extends Error {
  override readonly name = 'MalformedRecord'
}

/** The position of a reader in a frame's body. */
export interface Cursor {
  readonly frame: Buffer
  offset: number
}

/** One kind of record, translated between the wire and plain objects by the package's codec. */
export class RecordType<S extends Specification> {
  readonly #fields: readonly Field[]

  constructor(specification: S) {
    this.#fields = fieldsOf(specification)
  }

  /** @throws MalformedRecord */
  read(cursor: Cursor): FieldsOf<S> {
    // The codec trusts every length, and would allocate memory for a false one.
    const end = endOfFields(this.#fields, cursor.frame, cursor.offset)
    const record = new CodecRecord(this.#fields, [])
    if (end > cursor.offset) record.deserialize(cursor.frame, cursor.offset)
    cursor.offset = end
    const fields = this.#fields.map(({ name, type, required }) => {
      const value = fromCodec(type, record[name])
      // ZooKeeper fails to read it: that is another error than a refusal.
      if (required && value === null) throw new MalformedRecord(`a record without its ${name}`)
      return [name, value]
    })
    return Object.fromEntries(fields) as FieldsOf<S>
  }

  of(values: FieldsOf<S>): WritableRecord {
    return new CodecRecord(
      this.#fields,
      this.#fields.map(({ name, type }) => toCodec(type, values[name])),
    )
  }
}

/** Several records, one behind the other. */
export class RecordList implements WritableRecord {
  readonly #records: readonly WritableRecord[]

  constructor(records: readonly WritableRecord[]) {
    this.#records = records
  }

  byteLength(): number {
    return this.#records.reduce((sum, record) => sum + record.byteLength(), 0)
  }

  serialize(buffer: Buffer, start: number): number {
    let offset = start
    for (const record of this.#records) offset += record.serialize(buffer, offset)
    return offset - start
  }
}

/** A whole frame, with its length in front. */
export function encodeFrame(header: WritableRecord | null, body: WritableRecord | null): Buffer {
  return new jute.Request(header, body).toBuffer()
}

function fieldsOf(specification: Specification): readonly Field[] {
  return Object.entries(specification).map(([name, type]) => {
    return type === 'text' ? { name, type: 'ustring', required: true } : { name, type, required: false }
  })
}

function endOfFields(fields: readonly Field[], frame: Buffer, start: number): number {
  return fields.reduce((offset, { type }) => endOfField(type, frame, offset), start)
}

function endOfField(type: string, frame: Buffer, start: number): number {
  const fixed = FIXED_BYTES[type]
  if (fixed !== undefined) return within(frame, start + fixed)
  const nested = NESTED[type]
  if (nested !== undefined) return endOfFields(nested, frame, start)
  const content = within(frame, start + 4)
  const length = frame.readInt32BE(start)
  if (length < -1) throw new MalformedRecord(`a ${type} of length ${length}`)
  const item = /^vector<(.+)>$/.exec(type)?.[1]
  if (item === undefined) return within(frame, content + Math.max(length, 0))
  let offset = content
  for (let i = 0; i < length; i++) offset = endOfField(item, frame, offset)
  return offset
}

function within(frame: Buffer, end: number): number {
  if (end > frame.length)
    throw new MalformedRecord(`a field ends ${end - frame.length} bytes behind its frame`)
  return end
}

function toCodec(type: string, value: unknown): unknown {
  if (type === 'long') {
    const long = Buffer.alloc(8)
    long.writeBigInt64BE(BigInt.asIntN(64, value as bigint))
    return long
  }
  const item = /^vector<(data\..+)>$/.exec(type)?.[1]
  if (item !== undefined) return (value as unknown[]).map((one) => toCodec(item, one))
  const nested = NESTED[type]
  if (nested === undefined) return value
  const fields = value as Record<string, unknown>
  return new CodecRecord(
    nested,
    nested.map(({ name, type }) => toCodec(type, fields[name])),
  )
}

function fromCodec(type: string, value: unknown): unknown {
  if (type === 'long') return (value as Buffer).readBigInt64BE()
  const item = /^vector<(.+)>$/.exec(type)?.[1]
  if (item !== undefined) return ((value ?? []) as unknown[]).map((one) => fromCodec(item, one))
  const nested = NESTED[type]
  // The codec reads a null as undefined, which it writes as null.
  if (nested === undefined) return value ?? null
  const record = value as CodecRecord
  return Object.fromEntries(nested.map(({ name, type }) => [name, fromCodec(type, record[name])]))
}

const STAT = {
  czxid: 'long',
  mzxid: 'long',
  ctime: 'long',
  mtime: 'long',
  version: 'int',
  cversion: 'int',
  aversion: 'int',
  ephemeralOwner: 'long',
  dataLength: 'int',
  numChildren: 'int',
  pzxid: 'long',
} as const

const FIXED_BYTES: Readonly<Record<string, number>> = { int: 4, long: 8, boolean: 1 }

const NESTED: Readonly<Record<string, readonly Field[]>> = {
  'data.Id': fieldsOf({ scheme: 'ustring', id: 'ustring' }),
  'data.ACL': fieldsOf({ perms: 'int', id: 'data.Id' }),
  'data.Stat': fieldsOf(STAT),
}
