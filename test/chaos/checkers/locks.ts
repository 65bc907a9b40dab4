import { type Checker, grouped, sessionKey, type Violation } from '../history.js'
import type { HoldRow } from '../record.js'

const LOCKS = '/chaos/locks/'
const FENCES = '/chaos/fences/'

/** The number that ZooKeeper appended to a node's name. */
const sequenceOf = (path: string) => Number(path.slice(-10))
const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/'))

/** Numbers are handed out once, in the order of the transactions. */
export const sequenceNumbersGrow: Checker = ({ calls }) => {
  const made = calls.filter((row) => row.made !== undefined && row.made !== row.path)
  return [...grouped(made, ({ path }) => parentOf(path)).values()].flatMap((rows) => {
    const inOrder = rows.sort((a, b) => (a.czxid ?? 0) - (b.czxid ?? 0))
    return inOrder.flatMap(({ made = '', czxid, end }, index): Violation[] => {
      const before = inOrder[index - 1]?.made
      if (before === undefined || sequenceOf(before) < sequenceOf(made)) return []
      const message = `${made}, created at ${czxid}, comes after ${before}`
      return [{ rule: 'sequenceNumbersGrow', message, at: end }]
    })
  })
}

/**
 * A lock is held by one page at a time, and its fences grow. A page that sleeps goes on believing, so a hold counts only
 * as far as its session is known to have lived: up to the issue of its last call that succeeded.
 */
export const locksAreExclusive: Checker = ({ holds, calls }) => {
  const succeeded = grouped(
    calls.filter(({ outcome }) => outcome === 'ok'),
    sessionKey,
  )
  const aliveUntil = (hold: HoldRow) => {
    const within = (succeeded.get(sessionKey(hold)) ?? []).filter(({ start }) => start <= hold.to)
    return within.reduce((latest, { start }) => Math.max(latest, start), hold.from)
  }
  return [...grouped(holds, ({ lock }) => lock).values()].flatMap((rows) => {
    const inOrder = rows.sort((a, b) => a.fence - b.fence)
    return inOrder.flatMap((hold, index): Violation[] => {
      const before = inOrder[index - 1]
      if (before === undefined) return []
      const end = aliveUntil(before)
      if (before.fence < hold.fence && end <= hold.from) return []
      const held = `${before.page} (fence ${before.fence}, until ${end})`
      const message = `${hold.lock}: ${hold.page} (fence ${hold.fence}) held it from ${hold.from}, as did ${held}`
      return [{ rule: 'locksAreExclusive', message, at: hold.from }]
    })
  })
}

/** By the servers' logs: at each write behind a lock, the writer's node was the first in the lock's queue. */
export const onlyHoldersWrite: Checker = ({ transactions, settings }) => {
  const queues = new Map<string, { node: string; session: string }[]>()
  const queueOf = (lock: string) => queues.get(lock) ?? []
  return transactions.flatMap(({ type, path, session, zxid, wallMs }): Violation[] => {
    const lock = parentOf(path).slice(LOCKS.length)
    const isPlace = path.startsWith(LOCKS) && lock !== ''
    if (type === 'create' && isPlace) queues.set(lock, [...queueOf(lock), { node: path, session }])
    if (type === 'delete' && isPlace)
      queues.set(
        lock,
        queueOf(lock).filter(({ node }) => node !== path),
      )
    if (type === 'closeSession') {
      for (const [name, queue] of queues)
        queues.set(
          name,
          queue.filter((place) => place.session !== session),
        )
    }
    if (type !== 'setData' || !path.startsWith(FENCES)) return []
    const holder = queueOf(path.slice(FENCES.length))[0]
    if (holder?.session === session) return []
    const message = `${session} wrote ${path} at ${zxid}, while ${holder?.session ?? 'no session'} held the lock`
    return [{ rule: 'onlyHoldersWrite', message, at: wallMs - settings.wallOffsetMs }]
  })
}
