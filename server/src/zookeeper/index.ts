export type { Callback, CallResult } from './calls.js'
export { ERR, errorCodeOf } from './codec/error-codes.js'
export type { MultiPart, MultiPartResult } from './codec/multi.js'
export { CREATE_FLAGS, type CreateFlags, PERMISSION } from './codec/numbers.js'
export type { AclEntry, NodeReading } from './codec/records.js'
export { EnsembleLink } from './link.js'
export type { AttachedSession, LinkListener, LinkLoss, LinkOptions, LinkState } from './link-options.js'
export type { LossCause } from './loss.js'
export {
  dialTls,
  type Server,
  type ServerCursor,
  ServerList,
  serverName,
  type TlsOptions,
} from './servers.js'
