import type { SessionMessage } from '../protocol.js'
import type { Settings } from './options.js'

/**
 * What a page needs to resume its session. It is kept in memory and, with `storage: 'tab'`, in the tab's sessionStorage,
 * where it survives a reload. The stored point is used only while no other tab uses the same session.
 */
export interface Resume {
  /** The newest session message, with the newest zxid that this page has seen. Null: no session to resume. */
  point(): SessionMessage | null
  /**
   * To be awaited before each use of `point`. False: another tab has resumed this page's session.
   * A point that was merely copied into this tab is dropped silently.
   */
  claim(): Promise<boolean>
  /** The session was opened or resumed. */
  keep(message: SessionMessage): void
  /** The page has received everything up to this zxid. */
  see(zxid: string | undefined): void
  /** The page is about to be hidden, perhaps for good: the next page in this tab may resume. */
  depart(): void
  /** The session is over. */
  forget(): void
}

/** Without Web Locks, which detect a copied tab, the point is kept in memory only. */
export function createResume({ storage, urls }: Settings): Resume {
  const tabKey = storage === 'tab' && globalThis.navigator?.locks && `zoogate:${urls}`
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
      const isKnown = !!point
      if (tabKey) point ??= read(tabKey)
      if (!tabKey || !point || (await hold(point))) return true
      forget()
      return !isKnown
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

/** Null without storage (a privacy mode throws) and without a sound point in it. */
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
    // Without storage, or without room in it, a reload opens a new session.
  }
}

/**
 * Locks a name against the other tabs of this origin, until this page ends or the returned function is called. Null:
 * another tab holds the name, or the document may not lock. Never rejects.
 * "Duplicate tab" copies sessionStorage with the resume token in it; the lock tells the copy from the original.
 */
export function lockForTab(name: string): Promise<(() => void) | null> {
  return new Promise((resolve) => {
    navigator.locks
      .request(name, { ifAvailable: true }, (lock) =>
        lock ? new Promise<void>((release) => resolve(release)) : resolve(null),
      )
      .catch(() => resolve(null))
  })
}
