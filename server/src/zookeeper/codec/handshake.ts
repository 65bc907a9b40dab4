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

/** In place of a ConnectResponse: the header of an error reply, whose error is its last field. */
const REFUSAL_BYTES = 16

/**
 * no_session: there is no such session, or not any more. no_quorum: a server without a quorum opens no session, or does
 * not know this one, which says nothing: others may. (Other sessions it refuses by hanging up.)
 */
export function readConnectResponse(frame: FrameReader): ConnectResponse | 'no_session' | 'no_quorum' {
  if (frame.remaining === REFUSAL_BYTES) return readRefusal(frame)
  const version = frame.int()
  // Checked because a stray frame read as an expiry would end the session for good.
  if (version !== jute.PROTOCOL_VERSION) throw new BadFrame(`a greeting of protocol version ${version}`)
  const timeoutMs = frame.int()
  // Copies, because these live as long as the link and must not keep the chunk alive that they came in.
  const sessionId = Buffer.from(frame.fixed(SESSION_ID_BYTES))
  const password = Buffer.from(frame.bytes())
  // Servers before 3.4 end here.
  const readOnly = frame.remaining > 0 && frame.bool()
  if (timeoutMs <= 0) return readOnly ? 'no_quorum' : 'no_session'
  if (password.length !== PASSWORD_BYTES) throw new BadFrame(`a session password of ${password.length} bytes`)
  return { timeoutMs, sessionId, password, readOnly }
}

/** A read-only server answers so to whoever wants a new session, unless it has `localSessionsEnabled`. */
function readRefusal(frame: FrameReader): 'no_quorum' {
  const err = frame.fixed(REFUSAL_BYTES).readInt32BE(REFUSAL_BYTES - 4)
  if (err !== ERR.NOT_READ_ONLY) throw new BadFrame(`a greeting that is the error ${err}`)
  return 'no_quorum'
}
