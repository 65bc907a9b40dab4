import { CreateMode, Event, jute, Permission } from '../package.js'

// ZooKeeper's numbers. They come from the package. The package lacks the numbers that are literals here, most of them because
// they are newer than it.

/** Types of requests. */
export const OP = {
  ...jute.OP_CODES,
  CREATE2: 15,
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
} as const

/** xids that are not a request's own number. The package has the last one, and does not export it. */
export const XID = {
  NOTIFICATION: jute.XID_NOTIFICATION,
  PING: jute.XID_PING,
  AUTH: jute.XID_AUTHENTICATION,
  SET_WATCHES: -8,
} as const

/** The largest xid of a request. */
export const LAST_XID = 0x7fffffff

/** Bits of `AclEntry.perms`. */
export const PERMISSION = {
  READ: Permission.READ,
  WRITE: Permission.WRITE,
  CREATE: Permission.CREATE,
  DELETE: Permission.DELETE,
  ADMIN: Permission.ADMIN,
  ALL: Permission.ALL,
} as const

export const EVENT = {
  CREATED: Event.NODE_CREATED,
  DELETED: Event.NODE_DELETED,
  DATA_CHANGED: Event.NODE_DATA_CHANGED,
  CHILDREN_CHANGED: Event.NODE_CHILDREN_CHANGED,
} as const

/** The modes of addWatch. */
export const ADD_WATCH_MODE = { PERSISTENT: 0, RECURSIVE: 1 } as const

/** The types of removeWatches. Servers before 3.9 refuse the last two, and with ANY remove every watch of the path. */
export const REMOVE_WATCHES_TYPE = { ANY: 3, PERSISTENT: 4, RECURSIVE: 5 } as const

/** Flags of a create request. The two with a time to live need `zookeeper.extendedTypesEnabled`, else they end with -6. */
export const CREATE_FLAGS = { ...CreateMode, CONTAINER: 4, TTL: 5, TTL_SEQUENTIAL: 6 } as const

export type CreateFlags = (typeof CREATE_FLAGS)[keyof typeof CREATE_FLAGS]

/** Whether a time to live goes with these flags. */
export function hasTtl(flags: CreateFlags): boolean {
  return flags >= CREATE_FLAGS.TTL
}

/** Which of ZooKeeper's three create requests these flags need. */
export function createType(flags: CreateFlags): number {
  if (hasTtl(flags)) return OP.CREATE_TTL
  return flags === CREATE_FLAGS.CONTAINER ? OP.CREATE_CONTAINER : OP.CREATE2
}
