import type { GatewayMessage, SessionMessage, ViewMessage } from '../protocol.js'
import type { MakeCall } from '../session/calls.js'
import { ZoogateError } from '../session/errors.js'
import { createEvents, type Events } from '../session/events.js'
import type { OnMessage } from '../session/session.js'
import type { Store } from '../session/store.js'
import { RENEWABLE } from '../session/verdict.js'
import { EMPTY_VIEW, type ShowView, type View, type ViewDepth, type ViewSnapshot } from './view.js'
import { createViewNodes, type NodeChanges } from './view-nodes.js'

/** A view that gives its listeners the changes of its nodes. */
export interface ChangesView extends View {
  subscribe(listener: (changes: NodeChanges) => void): () => void
}

export type ShowChanges = (...asked: Parameters<ShowView>) => ChangesView

interface Asked {
  path: string
  depth: ViewDepth
  data: boolean
}

/** What the views of a client have in common. */
interface Scope {
  readonly call: MakeCall
  /** Null while no session is attached. */
  session: SessionMessage | null
  /** The views that are open on this connection, by the number that its messages use. */
  readonly byNumber: Map<number, SharedView>
}

/** One view on the gateway, for all its viewers on this page. */
interface SharedView {
  /** Asks the gateway for the view, unless it was asked on this connection. */
  ask(): void
  /** The connection is gone; `error` when no other one follows. */
  detach(error: ZoogateError | null): void
  /** A message about this view. */
  hear(message: GatewayMessage): void
  join(): ChangesView
}

/**
 * `waiting` for a session; `asked` the gateway; `opened` by the gateway, whose message is still to come; `shown`: up to
 * date. The snapshot is stale in all states but the last.
 */
type State = 'waiting' | 'asked' | 'opened' | 'shown'

const NONE: NodeChanges = new Map()

/** The views of a client, over all its connections and sessions. */
export function createViews(call: MakeCall, on: Store['on'], onMessage: OnMessage): ShowChanges {
  const held = new Map<string, SharedView>()
  const scope: Scope = { call, session: null, byNumber: new Map() }

  onMessage((message) => {
    if (message.type === 'session') scope.session = message
    scope.byNumber.get((message as ViewMessage).view)?.hear(message)
  })
  on('state', ({ state, error }) => {
    if (state !== 'CONNECTED') {
      scope.session = null
      scope.byNumber.clear()
    }
    for (const view of held.values()) {
      if (scope.session) view.ask()
      // With a renewable session the next one shows the view again.
      else view.detach(error && error.code !== RENEWABLE ? error : null)
    }
  })

  return (path, { depth = 'children', data = false } = {}) => {
    const key = `${depth} ${data} ${path}`
    const view = held.get(key) ?? createSharedView(scope, { path, depth, data }, () => held.delete(key))
    held.set(key, view)
    return view.join()
  }
}

/** `forget` is called when the view has no viewer, and a new viewer has to make another. */
function createSharedView(scope: Scope, { path, depth, data }: Asked, forget: () => void): SharedView {
  const nodes = createViewNodes(path)
  const audience = createAudience(
    () => ({ nodes: nodes.copy(), zxid: nodes.zxid(), stale: state !== 'shown', error }),
    leave,
  )
  let state: State = 'waiting'
  /** Valid in `opened` and `shown`. */
  let number = 0
  /** The session whose nodes `nodes` calls mine. */
  let sessionId: string | undefined
  let error: ZoogateError | null = null
  /** The one way to another state. Viewers are called when it changes what they see. */
  function enter(next: State, nextError = error, changes = NONE): void {
    const isNews = state === 'shown' || next === 'shown' || error !== nextError
    state = next
    error = nextError
    if (isNews) audience.refresh(changes)
    if (state === 'waiting' && audience.isEmpty()) forget()
  }
  function ask(): void {
    if (state !== 'waiting') return
    const since = sessionId === scope.session?.id ? nodes.point() : undefined
    // Without a deadline: what ends the waiting ends the connection too.
    const asking = scope.call('openView', path, { depth, data, since, timeoutMs: Infinity }, ({ view }) => {
      number = view
      scope.byNumber.set(number, shared)
      enter('opened')
      leave()
    })
    // After the call, which may find that the connection is dead: then it is made on the next one.
    enter('asked')
    asking.catch((error: ZoogateError) => {
      // The end of a connection is no fault of the view: the next connection asks again.
      if (state === 'asked' && error.code !== 'CONNECTION_LOSS') enter('waiting', error)
    })
  }
  /** Closes a view without viewers. A view that is asked for is closed when the answer gives its number. */
  function leave(): void {
    if (!audience.isEmpty() || state === 'asked') return
    forget()
    if (state === 'waiting') return
    scope.byNumber.delete(number)
    // The end of the connection closes it at the latest.
    scope.call('closeView', undefined, { view: number }, () => undefined).catch(() => undefined)
  }
  const shared: SharedView = {
    ask,
    detach: (error) => enter('waiting', error),
    hear(message) {
      if (message.type === 'view') {
        sessionId = scope.session!.id
        enter('shown', null, nodes.apply(message, scope.session!.mark))
      }
      if (message.type === 'viewStale') enter('opened')
      if (message.type === 'viewEnded') {
        const { error } = message
        scope.byNumber.delete(number)
        enter('waiting', new ZoogateError(error.code, error.message, { path, ...error }))
      }
    },
    join() {
      const viewer = audience.join()
      if (scope.session) ask()
      return viewer
    },
  }
  return shared
}

/** The viewers of one view on this page. */
interface Audience {
  isEmpty(): boolean
  /** The snapshot has changed. */
  refresh(changes: NodeChanges): void
  join(): ChangesView
}

/** `read` makes the snapshot; `leave` is called when a viewer has closed. */
function createAudience(read: () => ViewSnapshot, leave: () => void): Audience {
  const viewers = new Set<Events<{ change: NodeChanges }>>()
  /** Null: not made since the last change. */
  let snapshot: ViewSnapshot | null = null
  function getSnapshot(): ViewSnapshot {
    snapshot ??= Object.freeze(read())
    return snapshot
  }
  return {
    isEmpty: () => viewers.size === 0,
    refresh(changes) {
      snapshot = null
      for (const { emit } of viewers) emit('change', changes)
    },
    join() {
      const viewer: Events<{ change: NodeChanges }> = createEvents()
      /** Null until this viewer is closed. */
      let last: ViewSnapshot | null = null
      viewers.add(viewer)
      return {
        getSnapshot: () => last ?? getSnapshot(),
        getServerSnapshot: () => EMPTY_VIEW,
        subscribe: (listener) => viewer.on('change', listener),
        close() {
          last ??= getSnapshot()
          if (viewers.delete(viewer)) leave()
        },
      }
    },
  }
}
