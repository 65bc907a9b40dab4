import type { ErrorCode, Outcome } from 'zoogate-client/protocol'
import { Exception } from '../package.js'

/** ZooKeeper's error numbers. The package has most of them, and lacks the literal ones, which came with 3.4 and later. */
export const ERR = {
  ...Exception,
  SESSION_MOVED: -118,
  NOT_READ_ONLY: -119,
  EPHEMERAL_ON_LOCAL_SESSION: -120,
  NO_WATCHER: -121,
  REQUEST_TIMEOUT: -122,
  QUOTA_EXCEEDED: -125,
  THROTTLED: -127,
} as const

/** Pages get these by their names. */
const NAMED = [
  'SYSTEM_ERROR',
  'CONNECTION_LOSS',
  'MARSHALLING_ERROR',
  'UNIMPLEMENTED',
  'OPERATION_TIMEOUT',
  'BAD_ARGUMENTS',
  'NO_NODE',
  'NO_AUTH',
  'BAD_VERSION',
  'NO_CHILDREN_FOR_EPHEMERALS',
  'NODE_EXISTS',
  'NOT_EMPTY',
  'SESSION_EXPIRED',
  'INVALID_ACL',
  'AUTH_FAILED',
  'SESSION_MOVED',
  'NOT_READ_ONLY',
  'EPHEMERAL_ON_LOCAL_SESSION',
  'REQUEST_TIMEOUT',
  'QUOTA_EXCEEDED',
  'THROTTLED',
] as const satisfies readonly (ErrorCode & keyof typeof ERR)[]

const CODES: ReadonlyMap<number, ErrorCode> = new Map(NAMED.map((name) => [ERR[name], name]))

/** The stable name of a ZooKeeper error number; `UNKNOWN` for a number of a newer or other server. Never throws. */
export function errorCodeOf(err: number): ErrorCode {
  return CODES.get(err) ?? 'UNKNOWN'
}

/**
 * Whether a request that a server answered with this error may have been executed. Numbers from -100 down name the rule
 * that refused it. Numbers above -100 are faults of the server, which answers -5, for example, when something breaks after
 * it has applied the change. A timeout says nothing either way.
 */
export function outcomeOfAnswer(err: number): Outcome {
  if (err === ERR.REQUEST_TIMEOUT) return 'unknown'
  const refused = err <= ERR.API_ERROR || err === ERR.UNIMPLEMENTED || err === ERR.BAD_ARGUMENTS
  return refused ? 'not_executed' : 'unknown'
}
