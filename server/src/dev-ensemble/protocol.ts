import { ERR as LINK_ERR } from '../zookeeper/codec/error-codes.js'
import { OP as LINK_OP, XID } from '../zookeeper/codec/wire-numbers.js'
import { RecordType } from './records.js'

/** ZooKeeper's numbers for the requests that the ensemble serves. */
export const OP = {
  ...LINK_OP,
  CREATE: 1,
  GET_ACL: 6,
  SET_ACL: 7,
  GET_CHILDREN: 8,
  SYNC: 9,
  CHECK_WATCHES: 17,
  REMOVE_WATCHES: 18,
  CREATE_CONTAINER: 19,
  CREATE_TTL: 21,
  MULTI_READ: 22,
  GET_EPHEMERALS: 103,
  GET_ALL_CHILDREN_NUMBER: 104,
  SET_WATCHES2: 105,
  ADD_WATCH: 106,
  WHO_AM_I: 107,
  ERROR: -1,
} as const

export { XID }

export const ERR = {
  ...LINK_ERR,
  OK: 0,
  RUNTIME_INCONSISTENCY: -2,
  MARSHALLING_ERROR: -5,
  UNIMPLEMENTED: -6,
  BAD_ARGUMENTS: -8,
  NO_AUTH: -102,
  BAD_VERSION: -103,
  NO_CHILDREN_FOR_EPHEMERALS: -108,
  NODE_EXISTS: -110,
  NOT_EMPTY: -111,
  INVALID_ACL: -114,
  NO_WATCHER: -121,
} as const

/** Refuses one request with one of ZooKeeper's error numbers; the connection lives on. */
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
  /** What a client since 3.4 adds to its ConnectRequest, and gets in the response only if it did. */
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
  /** getEphemerals, for which no path is every path. */
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
