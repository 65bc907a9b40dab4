/** ZooKeeper's numbers for the requests that the link sends. */
export const OP = {
  CREATE: 1,
  DELETE: 2,
  EXISTS: 3,
  GET_DATA: 4,
  SET_DATA: 5,
  GET_ACL: 6,
  SET_ACL: 7,
  SYNC: 9,
  PING: 11,
  GET_CHILDREN2: 12,
  CHECK: 13,
  MULTI: 14,
  CREATE2: 15,
  REMOVE_WATCHES: 18,
  CREATE_CONTAINER: 19,
  CREATE_TTL: 21,
  AUTH: 100,
  SET_WATCHES: 101,
  GET_EPHEMERALS: 103,
  SET_WATCHES2: 105,
  ADD_WATCH: 106,
  WHO_AM_I: 107,
  CLOSE_SESSION: -11,
} as const

/** addWatch's modes. */
export const ADD_WATCH_MODE = { PERSISTENT: 0, RECURSIVE: 1 } as const

/** removeWatches' types. Servers before 3.9 refuse the last two, and have the first remove everything on the path. */
export const REMOVE_WATCHES_TYPE = { ANY: 3, PERSISTENT: 4, RECURSIVE: 5 } as const

/** xids that are not a request's own number. */
export const XID = {
  NOTIFICATION: -1,
  PING: -2,
  AUTH: -4,
  SET_WATCHES: -8,
} as const

/** The largest xid of a request; the next one is 1 again, because negative ones have the meanings above. */
export const LAST_XID = 0x7fffffff
