import type { SessionMessage } from '../protocol.js'
import { lockForTab } from './tab-lock.js'

/**
 * Where the way back to one session lives: in memory, and with a storage key in the tab's sessionStorage as well,
 * where it survives a reload. What the storage holds is used only while no other tab uses the same session.
 */
export interface Resume {
  /** The newest session message, with the newest zxid that this page has seen. Null: there is nothing to resume. */
  point(): SessionMessage | null
  /**
   * To be awaited before each use of `point`. False: this page's session is in another tab's hands now.
   * A point that was merely copied into this tab is dropped without a word.
   */
  claim(): Promise<boolean>
  /** The session was opened or resumed. */
  keep(message: SessionMessage): void
  /** Everything up to this zxid has reached the page. */
  see(zxid: string | undefined): void
  /** The page is about to be hidden, perhaps for good: what comes next in this tab may resume. */
  depart(): void
  /** The session is over. */
  forget(): void
}

/** `key` null, or no Web Locks to tell a copied tab by: memory only. */
export function createResume(key: string | null): Resume {
  const tabKey = globalThis.navigator?.locks ? key : null
  let point: SessionMessage | null = null
  let lock: ReturnType<typeof lockForTab> | null = null

  const hold = ({ id }: SessionMessage) => {
    lock ??= lockForTab(`zoogate:${id}`)
    return lock
  }
  const release = () => {
    lock?.then((unlock) => unlock?.())
    lock = null
  }
  const forget = () => {
    point = null
    if (tabKey) write(tabKey, null)
    release()
  }
  return {
    point: () => point,
    async claim() {
      const isOwn = !!point
      if (tabKey) point ??= read(tabKey)
      if (!tabKey || !point || (await hold(point))) return true
      forget()
      return !isOwn
    },
    keep(message) {
      point = message
      if (!tabKey) return
      write(tabKey, point)
      hold(point)
    },
    see(zxid) {
      if (point && zxid) point.zxid = zxid
    },
    depart() {
      if (tabKey && point) write(tabKey, point)
      release()
    },
    forget,
  }
}

/** Null where there is no storage (a privacy mode that throws) or nothing sound in it. */
function read(key: string): SessionMessage | null {
  try {
    const point = JSON.parse(sessionStorage.getItem(key) ?? '')
    return BigInt(point.zxid) && point
  } catch {
    return null
  }
}

/** Null: removes it. */
function write(key: string, point: SessionMessage | null): void {
  try {
    if (point) sessionStorage.setItem(key, JSON.stringify(point))
    else sessionStorage.removeItem(key)
  } catch {
    // No storage, or no room in it: then a reload opens a new session.
  }
}
