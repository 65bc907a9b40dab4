import { ZoogateError } from '../session/errors.js'
import { createEvents } from '../session/events.js'
import type { ChangesView } from '../views/open-views.js'
import type { ViewSnapshot } from '../views/view.js'
import type { Presence, PresenceEvents, PresenceSnapshot } from './presence.js'
import { createRoster, type Roster } from './roster.js'

/** The members of a room, as its view shows them. */
export interface RoomView<T>
  extends Pick<Presence<T>, 'getSnapshot' | 'subscribe' | 'on' | 'close'>,
    Pick<Roster<T>, 'entry'> {
  /** Why this session could not join again; null when it could. */
  setError(error: ZoogateError | null): void
  /** Resolves with the first result of `find`; it is called now, after each change of the view, and by `look`. */
  until<R>(find: (seen: ViewSnapshot) => R | ZoogateError | undefined): Promise<R>
  look(): void
}

/** `onChange` is called after each change of the view. */
export function createRoomView<T>(view: ChangesView, onChange: (zxid: bigint) => void): RoomView<T> {
  const roster = createRoster<T>()
  const { on, emit } = createEvents<PresenceEvents<T> & { change: null; look: null }>()
  /** Whether the first snapshot was seen: its members joined before, and are no event. */
  let isSeen = view.getSnapshot().zxid > 0n
  let error: ZoogateError | null = null
  /** Null: not made since the last change. */
  let snapshot: PresenceSnapshot<T> | null = null
  /** The final snapshot; null until it is closed. */
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
  const look = () => emit('look', null)

  const unsubscribe = view.subscribe((changes) => {
    const news = roster.apply(changes)
    changed()
    if (isSeen) for (const [type, event] of news) emit(type, event)
    const { stale, zxid } = view.getSnapshot()
    isSeen ||= !stale
    look()
    onChange(zxid)
  })
  // Another handle may have opened the view before.
  roster.apply(view.getSnapshot().nodes)
  return {
    entry: roster.entry,
    getSnapshot,
    subscribe: (listener) => on('change', listener),
    on,
    setError(next) {
      if (next === error) return
      error = next
      changed()
    },
    until: (find) =>
      new Promise((resolve, reject) => {
        const tryIt = () => {
          const seen = view.getSnapshot()
          const found = find(seen) ?? seen.error
          if (!found) return
          stop()
          if (found instanceof ZoogateError) reject(found)
          else resolve(found)
        }
        const stop = on('look', tryIt)
        tryIt()
      }),
    look,
    close() {
      last ??= getSnapshot()
      unsubscribe()
      view.close()
    },
  }
}
