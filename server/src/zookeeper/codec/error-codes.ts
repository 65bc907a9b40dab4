import type { ErrorCode, Outcome } from 'zoogate-client/protocol'

/** The numbers that the link itself acts upon, or hands out for calls that no server answered. */
export const ERR = {
  CONNECTION_LOSS: -4,
  MARSHALLING_ERROR: -5,
  NO_NODE: -101,
  SESSION_EXPIRED: -112,
  AUTH_FAILED: -115,
  SESSION_MOVED: -118,
  NOT_READ_ONLY: -119,
  NO_WATCHER: -121,
  THROTTLED: -127,
} as const

const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [-1, 'SYSTEM_ERROR'],
  [-4, 'CONNECTION_LOSS'],
  [-5, 'MARSHALLING_ERROR'],
  [-6, 'UNIMPLEMENTED'],
  [-7, 'OPERATION_TIMEOUT'],
  [-8, 'BAD_ARGUMENTS'],
  [-101, 'NO_NODE'],
  [-102, 'NO_AUTH'],
  [-103, 'BAD_VERSION'],
  [-108, 'NO_CHILDREN_FOR_EPHEMERALS'],
  [-110, 'NODE_EXISTS'],
  [-111, 'NOT_EMPTY'],
  [-112, 'SESSION_EXPIRED'],
  [-114, 'INVALID_ACL'],
  [-115, 'AUTH_FAILED'],
  [-118, 'SESSION_MOVED'],
  [-119, 'NOT_READ_ONLY'],
  [-120, 'EPHEMERAL_ON_LOCAL_SESSION'],
  [-122, 'REQUEST_TIMEOUT'],
  [-125, 'QUOTA_EXCEEDED'],
  [-127, 'THROTTLED'],
])

/** The stable name of a ZooKeeper error number; `UNKNOWN` for a number of a newer or other server. Never throws. */
export function errorCodeOf(err: number): ErrorCode {
  return CODES.get(err) ?? 'UNKNOWN'
}

const UNIMPLEMENTED = -6
const BAD_ARGUMENTS = -8
const REQUEST_TIMEOUT = -122
const FIRST_API_ERROR = -100

/**
 * Whether a request that a server answered with this error may have been executed. Numbers from -100 down name the rule
 * that refused it. Those above are faults of the server (it answers -5, for one, when something breaks after the
 * change was applied), and a timeout says nothing either way.
 */
export function outcomeOfAnswer(err: number): Outcome {
  if (err === REQUEST_TIMEOUT) return 'unknown'
  const refused = err <= FIRST_API_ERROR || err === UNIMPLEMENTED || err === BAD_ARGUMENTS
  return refused ? 'not_executed' : 'unknown'
}
