/** ZooKeeper's numbers for the requests that the link sends. */
export const OP = {
  DELETE: 2,
  EXISTS: 3,
  GET_DATA: 4,
  SET_DATA: 5,
  PING: 11,
  GET_CHILDREN2: 12,
  CHECK: 13,
  MULTI: 14,
  CREATE2: 15,
  AUTH: 100,
  SET_WATCHES: 101,
  CLOSE_SESSION: -11,
} as const

/** xids that are not a request's own number. */
export const XID = {
  NOTIFICATION: -1,
  PING: -2,
  AUTH: -4,
  SET_WATCHES: -8,
} as const

/** The largest xid of a request; the next one is 1 again, because negative ones have the meanings above. */
export const LAST_XID = 0x7fffffff
