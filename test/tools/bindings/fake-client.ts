import type {
  ClientEvents,
  ClientSnapshot,
  Member,
  OpenPresence,
  Presence,
  PresenceSnapshot,
  SessionInfo,
  ShowView,
  ViewSnapshot,
} from 'zoogate-client'
import { createEvents } from '../../../client-sdk/src/session/events.js'

/** A store with one snapshot after another, like a client, a view and a room. */
function createShown<Snapshot>(first: Snapshot) {
  const { on, emit } = createEvents<{ change: null }>()
  let snapshot = first
  return {
    store: {
      getSnapshot: () => snapshot,
      getServerSnapshot: () => first,
      subscribe: (listener: () => void) => on('change', listener),
    },
    show(change: Partial<Snapshot>) {
      snapshot = Object.freeze({ ...snapshot, ...change })
      emit('change', null)
    },
  }
}

export interface FakeView {
  /** Such as `/a children with data`. */
  readonly name: string
  isOpen: boolean
  show(change: Partial<ViewSnapshot>): void
}

export interface FakeRoom {
  /** Such as `/room as ada`. */
  readonly name: string
  isOpen: boolean
  /** All calls in their order, such as `join {"name":"Ada"}`. */
  readonly calls: string[]
  show(change: Partial<PresenceSnapshot<unknown>>): void
  /** Answers the calls that wait. */
  answer(): void
  /** Rejects them. */
  refuse(error: Error): void
}

interface Waiting {
  answer(): void
  refuse(error: Error): void
}

const SESSION: SessionInfo = { id: '0x1', timeoutMs: 10_000, resumed: false, readOnly: false }

/** A client that records the views, rooms and elections that are opened on it; the test sets what they show. */
export function createFakeClient() {
  const views: FakeView[] = []
  const rooms: FakeRoom[] = []
  const { on, emit } = createEvents<ClientEvents>()
  let listening = 0
  const session = createShown<ClientSnapshot>({
    state: 'NOT_CONNECTED',
    session: null,
    reason: null,
    presumedExpired: false,
  })

  const counted: typeof on = (...args) => {
    const stop = on(...args)
    listening++
    return () => {
      listening--
      stop()
    }
  }

  const view: ShowView = (path, { depth, data } = {}) => {
    const first = { nodes: new Map(), zxid: 0n, stale: true, error: null }
    const { store, show } = createShown<ViewSnapshot>(first)
    const opened: FakeView = { name: `${path} ${depth}${data ? ' with data' : ''}`, show, isOpen: true }
    views.push(opened)
    const close = () => {
      opened.isOpen = false
    }
    return { ...store, close }
  }

  const presence: OpenPresence = <T>(
    path: string,
    { group = null }: { group?: string | null } = {},
  ): Presence<T> => {
    const { store, show } = createShown<PresenceSnapshot<T>>({ members: [], stale: true, error: null })
    const waiting: Waiting[] = []
    const calls: string[] = []
    function call<Answer>(text: string, answer: Answer): Promise<Answer> {
      calls.push(text)
      return new Promise((resolve, refuse) => {
        waiting.push({ answer: () => resolve(answer), refuse })
      })
    }
    const self = (data: T): Member<T> => ({ id: 'self', group, data, mine: true, joinedAt: 0 })
    const opened: FakeRoom = {
      name: group === null ? path : `${path} as ${group}`,
      isOpen: true,
      calls,
      show,
      answer: () => {
        for (const one of waiting.splice(0)) one.answer()
      },
      refuse: (error) => {
        for (const one of waiting.splice(0)) one.refuse(error)
      },
    }
    rooms.push(opened)
    return {
      ...store,
      join: (data) => call(`join ${JSON.stringify(data)}`, self(data)),
      update: (data) => call(`update ${JSON.stringify(data)}`, self(data)),
      leave: () => call('leave', undefined),
      on: () => () => undefined,
      close() {
        opened.isOpen = false
      },
    }
  }

  return {
    zk: { ...session.store, on: counted, view, presence },
    views,
    rooms,
    showSession: session.show,
    /** The number of listeners to the client's events. */
    listening: () => listening,
    /** A session has been opened, or replaced. */
    newSession: () => emit('session', { session: SESSION, previous: null }),
    openViews: () => views.filter(({ isOpen }) => isOpen).map(({ name }) => name),
    openRooms: () => rooms.filter(({ isOpen }) => isOpen).map(({ name }) => name),
  }
}

const STAT = { czxid: 1n, mzxid: 1n, ctime: 0, mtime: 0, version: 0, dataLength: 0, owner: null }
const EMPTY_NODE = { data: new Uint8Array(), stat: STAT, text: () => '', json: () => JSON.parse('') }

/** A view that shows these paths, up to date. */
export const nodesAt = (...paths: string[]): Partial<ViewSnapshot> => ({
  nodes: new Map(paths.map((path) => [path, EMPTY_NODE])),
  stale: false,
})

/** A room with members of these names, up to date. */
export const membersNamed = (...names: string[]): Partial<PresenceSnapshot<{ name: string }>> => ({
  members: names.map((name) => ({ id: name, group: null, data: { name }, mine: false, joinedAt: 0 })),
  stale: false,
})

/** Resolves when every microtask and timer that was due at the call has run. */
export const aTaskLater = () => new Promise<void>((resolve) => setTimeout(resolve))
