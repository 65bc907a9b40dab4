import type { CloseCode, HexLong, WatchEventType, WatchLists } from 'zoogate-client/protocol'
import type { SealedSession } from '../access/resume-token.js'
import type { Subject } from './subject.js'

/** What a session tells the page that holds it; synchronous, in ZooKeeper's order. */
export interface SessionPage {
  sessionAttached(session: PageSession): void
  sessionSuspended(message: string): void
  sessionEvent(type: WatchEventType, path: string): void
  sessionEnded(code: CloseCode, message: string): void
  /** Asks the page for a sign of life sent from now on; `answered` is called when it came. */
  ask(answered: () => void): void
}

export interface PageSession {
  id: HexLong
  timeoutMs: number
  resumed: boolean
  resumeToken: string
  zxid: HexLong
  /** There where it is true: the server has lost its quorum. */
  readOnly?: true
  /** How views name the owner of this session's nodes. */
  mark: string
}

/** What a session is opened with. */
export interface SessionRequest {
  subject: Subject
  /** Of the token; null where it names none. */
  issuer: string | null
  /** Identities that the link takes on at each attach. */
  auth: readonly { scheme: string; auth: string }[]
  timeoutMs: number
  resume: { sealed: SealedSession; zxid: HexLong; watches: WatchLists } | null
}
