import type { WatchLists } from 'zoogate-client/protocol'
import { BadFrame, type FrameReader } from './frame-reader.js'
import { jute } from './jute.js'
import { OP, XID } from './wire-numbers.js'

const PROTOCOL_VERSION = 0
const PASSWORD_BYTES = 16
const SESSION_ID_BYTES = 8

/** The package's record ends before this field; without it a server logs a warning for every connect. */
const NOT_READ_ONLY = Buffer.of(0)

/** An auth packet's type; ZooKeeper knows no other. */
const AUTH_TYPE = 0

export interface ConnectRequest {
  lastZxid: Buffer
  timeoutMs: number
  /** 8 bytes, all zero to create a session. */
  sessionId: Buffer
  password: Buffer
}

export interface ConnectResponse {
  timeoutMs: number
  sessionId: Buffer
  password: Buffer
}

export function encodeConnectRequest(request: ConnectRequest): Buffer {
  const record = new jute.protocol.ConnectRequest(
    PROTOCOL_VERSION,
    request.lastZxid,
    request.timeoutMs,
    request.sessionId,
    request.password,
  )
  const frame = Buffer.concat([new jute.Request(null, record).toBuffer(), NOT_READ_ONLY])
  frame.writeInt32BE(frame.length - 4, 0)
  return frame
}

/** Null: there is no such session, or not any more. */
export function readConnectResponse(frame: FrameReader): ConnectResponse | null {
  const version = frame.int()
  // Checked because a stray frame read as an expiry would end the session for good.
  if (version !== PROTOCOL_VERSION) throw new BadFrame(`a greeting of protocol version ${version}`)
  const timeoutMs = frame.int()
  if (timeoutMs <= 0) return null
  // Copies, because these live as long as the link and must not keep the chunk alive that they came in.
  const sessionId = Buffer.from(frame.fixed(SESSION_ID_BYTES))
  const password = Buffer.from(frame.bytes())
  if (password.length !== PASSWORD_BYTES) throw new BadFrame(`a session password of ${password.length} bytes`)
  return { timeoutMs, sessionId, password }
}

export function encodeAuth(scheme: string, auth: Buffer): Buffer {
  const header = new jute.protocol.RequestHeader(XID.AUTH, OP.AUTH)
  return new jute.Request(header, new jute.protocol.AuthPacket(AUTH_TYPE, scheme, auth)).toBuffer()
}

/** Asks for these watches again, and for the events of what changed on their paths since `relativeZxid`. */
export function encodeSetWatches(relativeZxid: Buffer, watches: WatchLists): Buffer {
  const header = new jute.protocol.RequestHeader(XID.SET_WATCHES, OP.SET_WATCHES)
  const { data, exist, child } = watches
  return new jute.Request(header, new jute.protocol.SetWatches(relativeZxid, data, exist, child)).toBuffer()
}

export function encodeCloseSession(xid: number): Buffer {
  return new jute.Request(new jute.protocol.RequestHeader(xid, OP.CLOSE_SESSION), null).toBuffer()
}
