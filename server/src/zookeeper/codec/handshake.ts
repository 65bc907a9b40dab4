import { jute } from '../package.js'
import { ERR } from './error-codes.js'
import { BadFrame, type FrameReader } from './frames.js'

const PASSWORD_BYTES = 16
const SESSION_ID_BYTES = 8

export interface ConnectResponse {
  timeoutMs: number
  sessionId: Buffer
  password: Buffer
  /** The server has no quorum: it refuses writes. */
  readOnly: boolean
}

/** The fields of a ConnectRequest that belong to the session. An id of zeros creates a session. */
interface SessionFields {
  id: Buffer
  password: Buffer
  /** The newest zxid that was seen. */
  zxidBytes: Buffer
}

/** `readOnly`: whether a server without a quorum will do. */
export function encodeConnectRequest(session: SessionFields, timeoutMs: number, readOnly: boolean): Buffer {
  const { id, password, zxidBytes } = session
  const record = new jute.protocol.ConnectRequest(jute.PROTOCOL_VERSION, zxidBytes, timeoutMs, id, password)
  // The package's record ends before this field; without it a server logs a warning for every connect.
  const frame = Buffer.concat([new jute.Request(null, record).toBuffer(), Buffer.of(readOnly ? 1 : 0)])
  frame.writeInt32BE(frame.length - 4, 0)
  return frame
}

/** Bytes of an error reply that comes in place of a ConnectResponse: a header, with the error as its last field. */
const REFUSAL_BYTES = 16

/**
 * no_session: there is no such session, or not any more. no_quorum: a server without a quorum opens no session, or does
 * not know this one, which says nothing: other servers may know it. (It hangs up on links that want no read-only server.)
 */
export function readConnectResponse(frame: FrameReader): ConnectResponse | 'no_session' | 'no_quorum' {
  if (frame.remaining === REFUSAL_BYTES) return readRefusal(frame)
  const version = frame.int()
  // Checked, because a stray frame that is read as an expiry would end the session for good.
  if (version !== jute.PROTOCOL_VERSION)
    throw new BadFrame(`a ConnectResponse of protocol version ${version}`)
  const timeoutMs = frame.int()
  // Copies: these live as long as the link, and must not keep their chunk alive.
  const sessionId = Buffer.from(frame.fixed(SESSION_ID_BYTES))
  const password = Buffer.from(frame.bytes())
  // Servers before 3.4 end here.
  const readOnly = frame.remaining > 0 && frame.bool()
  if (timeoutMs <= 0) return readOnly ? 'no_quorum' : 'no_session'
  if (password.length !== PASSWORD_BYTES) throw new BadFrame(`a session password of ${password.length} bytes`)
  return { timeoutMs, sessionId, password, readOnly }
}

/** A read-only server refuses a new session so, unless it has `localSessionsEnabled`. */
function readRefusal(frame: FrameReader): 'no_quorum' {
  const err = frame.fixed(REFUSAL_BYTES).readInt32BE(REFUSAL_BYTES - 4)
  if (err !== ERR.NOT_READ_ONLY) throw new BadFrame(`a refusal with the error ${err}`)
  return 'no_quorum'
}
