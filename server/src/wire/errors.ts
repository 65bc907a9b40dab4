import { type ErrorCode, type Outcome, RETRYABLE_CODES, type WireError } from 'zoogate-client/protocol'

/** Human-readable advice per code. Texts may change; codes may not. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  CONNECTION_LOSS:
    'the link to the ensemble broke; wait for CONNECTED, read the present state, then try again',
  MARSHALLING_ERROR: 'the ensemble could not read the request; check the data',
  UNIMPLEMENTED: 'the ensemble does not support this operation; check its version and its settings',
  OPERATION_TIMEOUT: 'the ensemble did not answer in time; read the present state, then try again',
  BAD_ARGUMENTS: 'the ensemble did not accept the arguments; check the path and the node names in it',
  NO_NODE: 'there is no such node; for create, its parent (or the chroot of the token) must be created first',
  NO_AUTH:
    'the access control list of the node does not allow this; change the list, or use another identity',
  BAD_VERSION: 'the node has changed; read it again and use its new version',
  NO_CHILDREN_FOR_EPHEMERALS: 'an ephemeral node has no children; create a persistent parent',
  NODE_EXISTS: 'the node exists already; read it, or choose another name',
  NOT_EMPTY: 'the node has children; delete them first',
  SESSION_EXPIRED: 'the session has expired; open a new one',
  INVALID_ACL: 'the access control list is not valid for this session; check its schemes and ids',
  AUTH_FAILED: 'the ensemble refused the identity of this session; log in again with a fresh token',
  SESSION_MOVED: 'another connection holds this session now; close this one, or open a new session',
  THROTTLED: 'the ensemble is overloaded; try again more slowly',
  QUOTA_EXCEEDED: 'a quota of the ensemble is used up; delete nodes, or ask the operator of the ensemble',
  RATE_LIMITED: 'too many requests at once; wait for replies before you send more',
  FORBIDDEN: 'the access rules do not allow this; ask the operator of the gateway',
}

export interface ErrorDetails {
  path?: string
  outcome?: Outcome
  /** In place of the advice for the code. */
  message?: string
  /** ZooKeeper's number, kept for the code UNKNOWN. */
  number?: number
  /** The index of the part of a multi that failed. */
  part?: number
}

/** Builds the error object of an error reply. `outcome` is `not_executed` by default. */
export function wireError(code: ErrorCode, details: ErrorDetails = {}): WireError {
  const error: WireError = {
    code,
    message: details.message ?? ADVICE[code] ?? 'the ensemble refused the request; see the code',
    retryable: RETRYABLE_CODES.includes(code),
    outcome: details.outcome ?? 'not_executed',
  }
  if (details.path !== undefined) error.path = details.path
  if (details.part !== undefined) error.part = details.part
  if (code === 'UNKNOWN' && details.number !== undefined) error.number = details.number
  return error
}
