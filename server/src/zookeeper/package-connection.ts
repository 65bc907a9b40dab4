import ConnectionManagerOfPackage from 'node-zookeeper-client/lib/ConnectionManager.js'

/** What the package's connection manager has that the link builds upon. */
export interface ConnectionManagerInstance {
  /** The one state variable, as a number; see link-state.ts. */
  readonly state: number
  /** Ignores repeats. */
  setState(state: number): void
  /** The xid of the newest request. */
  xid: number
  /** 8 bytes, all zero before the first attach of a new session. */
  sessionId: Buffer
  /** 16 bytes. */
  sessionPassword: Buffer
  /** Milliseconds: what was asked for, then what the ensemble gave. */
  sessionTimeout: number
  updateTimeout(sessionTimeoutMs: number): void
  /** The newest zxid seen, 8 bytes. */
  zxid: Buffer
  packetQueue: unknown
  watcherManager: unknown
}

export interface ConnectionManagerOptions {
  sessionTimeout: number
  spinDelay: number
  sessionId?: Buffer
  sessionPassword?: Buffer
}

export type ConnectionManagerConstructor = new (
  connectString: string,
  options: ConnectionManagerOptions,
  stateListener: (state: number) => void,
) => ConnectionManagerInstance

/** The connection manager of node-zookeeper-client. */
export const ConnectionManager: ConnectionManagerConstructor = ConnectionManagerOfPackage
