import type { Connection } from './connection.js'
import type { Settings } from './options.js'

/** Brings the gateway a fresh token before the one that it has expires; a connection that has ended takes none. */
export type RefreshToken = (connection: Pick<Connection, 'send'>) => Promise<void>

export function createTokenRefresh({ getToken, requestTimeoutMs }: Settings): RefreshToken {
  return async (connection) => {
    try {
      const signal = AbortSignal.timeout(requestTimeoutMs)
      connection.send({ type: 'token', token: await getToken({ reason: 'expired', signal }) })
    } catch {
      // Then the gateway ends the connection when the token expires, and the next one asks for a token of its own.
    }
  }
}
