import { RecordType } from './records.js'

export { ERR } from '../zookeeper/codec/error-codes.js'
export { EVENT, OP, PERMISSION, XID } from '../zookeeper/codec/numbers.js'

/** Refuses one request with one of ZooKeeper's error numbers; the connection stays open. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly err: number

  constructor(err: number) {
    super(`refused with ${err}`)
    this.err = err
  }
}

const path = { path: 'text' } as const
const pathAndWatch = { path: 'text', watch: 'boolean' } as const
const pathAndVersion = { path: 'text', version: 'int' } as const
const pathAndType = { path: 'text', type: 'int' } as const
const stat = { stat: 'data.Stat' } as const
const create = { path: 'text', data: 'buffer', acl: 'vector<data.ACL>', flags: 'int' } as const
const setWatches = {
  relativeZxid: 'long',
  data: 'vector<ustring>',
  exist: 'vector<ustring>',
  child: 'vector<ustring>',
} as const
export const RECORD = {
  connectRequest: new RecordType({
    protocolVersion: 'int',
    lastZxidSeen: 'long',
    timeoutMs: 'int',
    sessionId: 'long',
    password: 'buffer',
  }),
  /** Clients since 3.4 add it to their ConnectRequest; only then does the response have it. */
  readOnly: new RecordType({ readOnly: 'boolean' }),
  connectResponse: new RecordType({
    protocolVersion: 'int',
    timeoutMs: 'int',
    sessionId: 'long',
    password: 'buffer',
  }),
  requestHeader: new RecordType({ xid: 'int', type: 'int' }),
  replyHeader: new RecordType({ xid: 'int', zxid: 'long', err: 'int' }),
  multiHeader: new RecordType({ type: 'int', done: 'boolean', err: 'int' }),
  error: new RecordType({ err: 'int' }),
  event: new RecordType({ type: 'int', state: 'int', path: 'text' }),
  auth: new RecordType({ type: 'int', scheme: 'ustring', auth: 'buffer' }),
  path: new RecordType(path),
  pathAndWatch: new RecordType(pathAndWatch),
  pathAndVersion: new RecordType(pathAndVersion),
  /** getEphemerals, for which a null path means every path. */
  prefix: new RecordType({ prefix: 'ustring' }),
  /** removeWatches and checkWatches. */
  pathAndType: new RecordType(pathAndType),
  addWatch: new RecordType({ path: 'text', mode: 'int' }),
  create: new RecordType(create),
  createTtl: new RecordType({ ...create, ttlMs: 'long' }),
  setData: new RecordType({ path: 'text', data: 'buffer', version: 'int' }),
  setAcl: new RecordType({ path: 'text', acl: 'vector<data.ACL>', version: 'int' }),
  setWatches: new RecordType(setWatches),
  setWatches2: new RecordType({
    ...setWatches,
    persistent: 'vector<ustring>',
    recursive: 'vector<ustring>',
  }),
  pathAndStat: new RecordType({ ...path, ...stat }),
  stat: new RecordType(stat),
  dataAndStat: new RecordType({ data: 'buffer', ...stat }),
  aclAndStat: new RecordType({ acl: 'vector<data.ACL>', ...stat }),
  children: new RecordType({ children: 'vector<ustring>' }),
  childrenAndStat: new RecordType({ children: 'vector<ustring>', ...stat }),
  count: new RecordType({ count: 'int' }),
  identities: new RecordType({ identities: 'vector<data.Id>' }),
}
