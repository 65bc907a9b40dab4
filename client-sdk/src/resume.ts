import type { HexLong, SessionMessage } from './protocol.js'
import { TabLock } from './tab-lock.js'

/** What it takes to come back to a session. */
export interface ResumePoint {
  sessionId: HexLong
  /** The newest resume token. */
  token: string
  /** The newest zxid that this page has seen. */
  zxid: HexLong
}

/**
 * Where one session's resume point lives: in memory, and with a storage key in the tab's sessionStorage as well,
 * where it survives a reload. A point from the storage is used only while no other tab uses the same session.
 */
export class Resume {
  readonly #key: string | null
  readonly #lock = new TabLock()
  #point: ResumePoint | null = null

  /** `key` null: memory only. */
  constructor(key: string | null) {
    this.#key = key
  }

  /** Null: there is nothing to resume. */
  get point(): ResumePoint | null {
    return this.#point
  }

  /**
   * To be awaited before each use of `point`. False: this page's session is in another tab's hands now.
   * A point that was merely copied into this tab is dropped without a word.
   */
  async claim(): Promise<boolean> {
    const own = this.#point
    const stored = this.#key && readStorage(this.#key)
    if (!own) this.#point = stored || null
    // Another page of this tab may have renewed the token, but it has not seen the events that this page waits for.
    else if (stored && stored.sessionId === own.sessionId) own.token = stored.token
    const point = this.#point
    if (!this.#key || !point || (await this.#lock.acquire(`zoogate:${point.sessionId}`))) return true
    this.forget()
    return !own
  }

  /** The session was opened or resumed. */
  update({ id, resumeToken, zxid }: SessionMessage): void {
    this.#point = { sessionId: id, token: resumeToken, zxid: this.#point?.zxid ?? zxid }
    this.see(zxid)
    if (this.#key && this.#save()) this.#lock.acquire(`zoogate:${id}`)
  }

  /** Everything up to this zxid has reached the page. */
  see(zxid: HexLong = '0x0'): void {
    if (this.#point && BigInt(zxid) > BigInt(this.#point.zxid)) this.#point.zxid = zxid
  }

  /** The page is about to be hidden, perhaps for good: what comes next in this tab may resume. */
  leave(): void {
    this.#save()
    this.#lock.release()
  }

  /** The session is over. */
  forget(): void {
    this.#point = null
    if (this.#key) writeStorage(this.#key, null)
    this.#lock.release()
  }

  #save(): boolean {
    return this.#key !== null && this.#point !== null && writeStorage(this.#key, this.#point)
  }
}

/** Null where there is no storage (a server, a privacy mode that throws) or nothing sound in it. */
function readStorage(key: string): ResumePoint | null {
  try {
    const { sessionId, token, zxid } = JSON.parse(sessionStorage.getItem(key) ?? '')
    return BigInt(zxid) && sessionId && token ? { sessionId, token, zxid } : null
  } catch {
    return null
  }
}

/** False where there is no storage or no room: then a reload opens a new session. */
function writeStorage(key: string, point: ResumePoint | null): boolean {
  try {
    if (point) sessionStorage.setItem(key, JSON.stringify(point))
    else sessionStorage.removeItem(key)
    return true
  } catch {
    return false
  }
}
