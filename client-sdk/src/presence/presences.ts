import type { NodeOperations } from '../operations/operations.js'
import type { ErrorCode, Outcome } from '../protocol.js'
import { ZoogateError } from '../session/errors.js'
import { createEvents } from '../session/events.js'
import { createPending, type Limits } from '../session/pending.js'
import type { Store } from '../session/store.js'
import type { ViewSnapshot } from '../views/view.js'
import type { ChangesView, ShowChanges } from '../views/views.js'
import { prefixFor } from './member.js'
import { createMembership, type Membership } from './membership.js'
import {
  type Member,
  type OpenPresence,
  type Presence,
  type PresenceEvents,
  type PresenceSnapshot,
  UNSEEN_ROOM,
} from './presence.js'
import { createRoster } from './roster.js'

export function createPresences(
  zk: NodeOperations,
  show: ShowChanges,
  on: Store['on'],
  requestTimeoutMs: number,
): OpenPresence {
  /** The node of this client in each room and group: one, however many handles of the room there are. */
  const paths = new Map<string, string>()
  /** The open handles of each: closing one does not take the node away from another. */
  const open = new Map<string, Set<Membership>>()
  return (room, { group } = {}) => {
    const start = `${room === '/' ? '' : room}/${prefixFor(group)}`
    const handles = open.get(start) ?? new Set()
    open.set(start, handles)
    return createPresence(room, show(room, { data: true }), zk, on, requestTimeoutMs, handles, (nodes) => {
      // A page that was reloaded finds the node that its session had before.
      const isOwn = ([at, { stat }]: [string, { stat: { owner: unknown } }]) =>
        stat.owner === 'mine' && at.startsWith(start) && !at.includes(':', start.length)
      const path =
        paths.get(start) ?? [...nodes].find(isOwn)?.[0] ?? `${start}${Math.random().toString(36).slice(2)}`
      paths.set(start, path)
      return path
    })
  }
}

function createPresence<T>(
  room: string,
  view: ChangesView,
  zk: NodeOperations,
  on: Store['on'],
  requestTimeoutMs: number,
  handles: Set<Membership>,
  choosePath: (nodes: ViewSnapshot['nodes']) => string,
): Presence<T> {
  const roster = createRoster<T>()
  const { on: listen, emit } = createEvents<PresenceEvents<T> & { change: null; look: null }>()
  /** Whether there was a first look: what that shows is no news. */
  let isSeen = view.getSnapshot().zxid > 0n
  /** Why this session could not join again. */
  let error: ZoogateError | null = null
  /** Null: not made since the last change. */
  let snapshot: PresenceSnapshot<T> | null = null
  /** What stays when it is closed; null as long as it is open. */
  let last: PresenceSnapshot<T> | null = null

  function getSnapshot(): PresenceSnapshot<T> {
    const { stale, error: viewError } = view.getSnapshot()
    snapshot ??= Object.freeze({ members: roster.members(), stale, error: viewError ?? error })
    return last ?? snapshot
  }
  function changed(): void {
    snapshot = null
    emit('change', null)
  }
  function setError(next: ZoogateError | null): void {
    if (next === error) return
    error = next
    changed()
  }
  const fail = (code: ErrorCode, message: string, outcome: Outcome = 'not_executed') =>
    new ZoogateError(code, `${room}: ${message}`, { path: room, outcome })

  /** Waits until the view shows what `find` looks for, or until `find` gives up. */
  const until = <R>(find: (seen: ViewSnapshot) => R | ZoogateError | undefined) =>
    new Promise<R>((resolve, reject) => {
      const look = () => {
        const seen = view.getSnapshot()
        const found = find(seen) ?? seen.error
        if (!found) return
        stop()
        if (found instanceof ZoogateError) reject(found)
        else resolve(found)
      }
      const stop = listen('look', look)
      look()
    })
  const membership = createMembership(room, zk, () =>
    until(({ nodes, stale }) => (stale ? undefined : choosePath(nodes))),
  )

  handles.add(membership)

  async function want(data: string | null): Promise<bigint> {
    const done = membership.want(data)
    // Whoever waits for the opposite waits in vain.
    emit('look', null)
    const zxid = await done
    setError(null)
    return zxid
  }
  async function enter(data: T): Promise<Member<T>> {
    if (last) throw fail('BAD_REQUEST', 'this presence is closed; open another')
    const zxid = await want(JSON.stringify(data) ?? '')
    return until(() => {
      const own = roster.entry(membership.path())
      if (membership.wanted() === null) return fail('ABORTED', 'leave() was called', 'unknown')
      return own && own.node.stat.mzxid >= zxid ? own.member : undefined
    })
  }
  async function leave(): Promise<void> {
    await want(null)
    await until(() => membership.wanted() !== null || !roster.entry(membership.path()) || undefined)
  }
  function within<R>(limits: Limits | undefined, work: () => Promise<R>): Promise<R> {
    const { promise, settle, start } = createPending<R>(
      { timeoutMs: requestTimeoutMs, ...limits },
      (code, message) => settle(fail(code, `${message}; leave() gives it up`, 'unknown')),
    )
    start()
    if (!limits?.signal?.aborted) work().then((value) => settle(null, value), settle)
    return promise
  }
  const restore = () => membership.restore().then(() => setError(null), setError)

  const stops = [
    view.subscribe((changes) => {
      const news = roster.take(changes)
      changed()
      if (isSeen) for (const [type, event] of news) emit(type, event)
      isSeen ||= !view.getSnapshot().stale
      emit('look', null)
      const from = membership.shownFrom()
      // Somebody else has deleted it.
      if (from !== undefined && !roster.entry(membership.path()) && view.getSnapshot().zxid >= from) restore()
    }),
    on('session', restore),
  ]
  // Others may have been looking at the same nodes before.
  roster.take(view.getSnapshot().nodes)

  return {
    join: (data, limits) => within(limits, () => enter(data)),
    update: (data, limits) =>
      within(limits, async () => {
        if (membership.wanted() === null) throw fail('BAD_REQUEST', 'call join() before update()')
        return enter(data)
      }),
    leave: (limits) => within(limits, leave),
    getSnapshot,
    getServerSnapshot: () => UNSEEN_ROOM,
    subscribe: (listener) => listen('change', listener),
    on: listen,
    close() {
      last ??= getSnapshot()
      for (const stop of stops) stop()
      // It is left as soon as may be, and nobody looks any more.
      handles.delete(membership)
      const isIn = (one: Membership) => one.wanted() !== null
      if (isIn(membership) && ![...handles].some(isIn)) want(null).catch(() => undefined)
      view.close()
    },
  }
}
