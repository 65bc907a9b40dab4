import type { NodeOperations } from '../operations/operations.js'
import type { ErrorCode, Outcome } from '../protocol.js'
import { ZoogateError } from '../session/errors.js'
import { createPending, type Limits } from '../session/pending.js'
import type { Store } from '../session/store.js'
import type { ChangesView, ShowChanges } from '../views/open-views.js'
import type { ViewSnapshot } from '../views/view.js'
import { createMembership, type Membership } from './membership.js'
import { EMPTY_ROOM, type Member, type OpenPresence, type Presence } from './presence.js'
import { createRoomView } from './room-view.js'
import { prefixFor } from './roster.js'

/** The rooms of a client. */
export function createRooms(
  zk: NodeOperations,
  show: ShowChanges,
  on: Store['on'],
  requestTimeoutMs: number,
): OpenPresence {
  /** The node of this client in each room and group: one, for all handles of the room. */
  const paths = new Map<string, string>()
  /** The open handles of each: closing one does not take the node away from another. */
  const open = new Map<string, Set<Membership>>()
  return (room, { group } = {}) => {
    const start = `${room === '/' ? '' : room}/${prefixFor(group)}`
    const handles = open.get(start) ?? new Set()
    open.set(start, handles)
    return createPresence(
      { room, zk, on, requestTimeoutMs, handles, view: show(room, { data: true }) },
      (nodes) => {
        // After a reload the page finds the node that its session had before.
        const isOwn = ([at, { stat }]: [string, { stat: { owner: unknown } }]) =>
          stat.owner === 'mine' && at.startsWith(start) && !at.includes(':', start.length)
        const path =
          paths.get(start) ?? [...nodes].find(isOwn)?.[0] ?? `${start}${Math.random().toString(36).slice(2)}`
        paths.set(start, path)
        return path
      },
    )
  }
}

const isIn = (membership: Membership) => membership.wanted() !== null

interface Room {
  readonly room: string
  readonly zk: NodeOperations
  readonly on: Store['on']
  readonly requestTimeoutMs: number
  /** All handles of this room and group. */
  readonly handles: Set<Membership>
  readonly view: ChangesView
}

function createPresence<T>(
  { room, zk, on, requestTimeoutMs, handles, view }: Room,
  choosePath: (nodes: ViewSnapshot['nodes']) => string,
): Presence<T> {
  const display = createRoomView<T>(view, (zxid) => {
    // Another client has deleted the node.
    if (!own() && zxid >= (membership.shownFrom() ?? Infinity)) restore()
  })
  const membership = createMembership(room, zk, () =>
    display.until(({ nodes, stale }) => (stale ? undefined : choosePath(nodes))),
  )
  const own = () => display.entry(membership.path())
  const fail = (code: ErrorCode, message: string, outcome: Outcome = 'not_executed') =>
    new ZoogateError(code, `${room}: ${message}`, { path: room, outcome })

  async function want(data: string | null): Promise<bigint> {
    const done = membership.want(data)
    // Ends the waiting for the opposite.
    display.look()
    const zxid = await done
    display.setError(null)
    return zxid
  }
  async function enter(data: T): Promise<Member<T>> {
    if (!handles.has(membership)) throw fail('BAD_REQUEST', 'this presence is closed; open another')
    const zxid = await want(JSON.stringify(data) ?? '')
    return display.until(() => {
      const entry = own()
      if (membership.wanted() === null) return fail('ABORTED', 'leave() was called', 'unknown')
      return entry && entry.node.stat.mzxid >= zxid ? entry.member : undefined
    })
  }
  async function leave(): Promise<void> {
    await want(null)
    await display.until(() => membership.wanted() !== null || !own() || undefined)
  }
  function within<R>(limits: Limits | undefined, work: () => Promise<R>): Promise<R> {
    const { promise, settle, start } = createPending<R>(
      { timeoutMs: requestTimeoutMs, ...limits },
      (code, message) => settle(fail(code, `${message}; leave() stops it`, 'unknown')),
    )
    start()
    if (!limits?.signal?.aborted) work().then((value) => settle(null, value), settle)
    return promise
  }
  const restore = () => membership.restore().then(() => display.setError(null), display.setError)

  handles.add(membership)
  const stopListening = on('session', restore)
  return {
    join: (data, limits) => within(limits, () => enter(data)),
    update: (data, limits) =>
      within(limits, async () => {
        if (membership.wanted() === null) throw fail('BAD_REQUEST', 'call join() before update()')
        return enter(data)
      }),
    leave: (limits) => within(limits, leave),
    getSnapshot: display.getSnapshot,
    getServerSnapshot: () => EMPTY_ROOM,
    subscribe: display.subscribe,
    on: display.on,
    close() {
      stopListening()
      handles.delete(membership)
      if (isIn(membership) && ![...handles].some(isIn)) want(null).catch(() => undefined)
      display.close()
    },
  }
}
