import type { CloseCode, HexLong, WatchEventType, WatchLists } from 'zoogate-client/protocol'
import type { SealedSession } from '../access/resume-token.js'
import type { Subject } from './subject.js'

/** The page that holds a session hears of it here: synchronously, in ZooKeeper's order. */
export interface SessionListener {
  sessionAttached(session: SessionInfo): void
  sessionSuspended(message: string): void
  sessionEvent(type: WatchEventType, path: string): void
  sessionEnded(code: CloseCode, message: string): void
  /** Asks the page for a sign of life that is sent from now on; `answered` is called when it has come. */
  ask(answered: () => void): void
}

/** An attached session as its page may know it. */
export interface SessionInfo {
  id: HexLong
  /** The session timeout that the ensemble gave, in milliseconds. */
  timeoutMs: number
  resumed: boolean
  resumeToken: string
  zxid: HexLong
  /** Present where the server has lost its quorum. */
  readOnly?: true
  /** Views name the owner of this session's nodes by it. */
  mark: string
}

/** A session is opened with these. */
export interface SessionRequest {
  subject: Subject
  /** Of the token; null where it names none. */
  issuer: string | null
  /** ZooKeeper identities that the link adds at each attach. */
  auth: readonly { scheme: string; auth: string }[]
  /** The session timeout that the page asks for, in milliseconds. */
  timeoutMs: number
  resume: { sealed: SealedSession; zxid: HexLong; watches: WatchLists } | null
}
