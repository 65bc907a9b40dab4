import type { GatewayMessage, SessionMessage, ViewMessage } from '../protocol.js'
import type { MakeCall } from '../session/calls.js'
import { ZoogateError } from '../session/errors.js'
import { createEvents, type Events } from '../session/events.js'
import type { Store } from '../session/store.js'
import { LOST } from '../session/verdict.js'
import { type ShowView, UNSEEN_VIEW, type View, type ViewDepth, type ViewSnapshot } from './view.js'
import { createViewNodes, type NodeChanges, type ViewNodes } from './view-nodes.js'

/**
 * `waiting` for the next attach; `asked` the gateway; `opened` by it, which will send what the page lacks; `shown`
 * up to date. Stale in all but the last.
 */
type State = 'waiting' | 'asked' | 'opened' | 'shown'

/** One view on the gateway, for everyone on this page who looks at it. */
interface SharedView {
  readonly key: string
  readonly path: string
  readonly depth: ViewDepth
  readonly data: boolean
  readonly nodes: ViewNodes
  readonly viewers: Set<Events<{ change: NodeChanges }>>
  state: State
  /** How this connection names it; it means something in `opened` and `shown`. */
  number: number
  /** The session whose nodes `nodes` calls mine. */
  sessionId: string | undefined
  error: ZoogateError | null
  /** Null: not made since the last change. */
  snapshot: ViewSnapshot | null
}

/** A view that tells its listeners what has become of its nodes. */
export interface ChangesView extends View {
  subscribe(listener: (changes: NodeChanges) => void): () => void
}

export type ShowChanges = (...asked: Parameters<ShowView>) => ChangesView

/** The views of a client, over all its connections and sessions. */
export interface Views {
  readonly show: ShowChanges
  /** To be given every message of a session that has not ended, before anybody else acts on it. */
  hear(message: GatewayMessage): void
}

const NONE: NodeChanges = new Map()

export function createViews(call: MakeCall, on: Store['on']): Views {
  const held = new Map<string, SharedView>()
  /** Those that are opened on this connection. */
  const byNumber = new Map<number, SharedView>()
  /** Null while no session is attached. */
  let session: SessionMessage | null = null

  function changed(view: SharedView, changes: NodeChanges = NONE): void {
    view.snapshot = null
    for (const { emit } of view.viewers) emit('change', changes)
  }
  function getSnapshot(view: SharedView): ViewSnapshot {
    const { nodes, state, error } = view
    view.snapshot ??= Object.freeze({
      nodes: nodes.copy(),
      zxid: nodes.zxid(),
      stale: state !== 'shown',
      error,
    })
    return view.snapshot
  }
  /** The one way to another state but `shown`, which a message brings. */
  function enter(view: SharedView, state: Exclude<State, 'shown'>, error = view.error): void {
    const isNews = view.state === 'shown' || error !== view.error
    view.state = state
    view.error = error
    if (isNews) changed(view)
    if (state === 'waiting' && view.viewers.size === 0) held.delete(view.key)
  }

  function ask(view: SharedView): void {
    const { path, depth, data, nodes, sessionId } = view
    const since = sessionId === session?.id ? nodes.point() : undefined
    // Without a deadline: whatever ends the waiting ends the connection too.
    const asking = call('openView', path, { depth, data, since, timeoutMs: Infinity }, ({ view: number }) => {
      view.number = number
      byNumber.set(number, view)
      enter(view, 'opened')
      leave(view)
    })
    // After the call, which may find that the link is dead: it is made on the next one then.
    view.state = 'asked'
    asking.catch((error: ZoogateError) => {
      // A connection that has ended is no fault of the view's: it is asked for again on the next.
      if (view.state === 'asked' && error.code !== 'CONNECTION_LOSS') enter(view, 'waiting', error)
    })
  }
  /** Gives up a view that nobody looks at. One that is asked for is given up when the answer names it. */
  function leave(view: SharedView): void {
    if (view.viewers.size > 0 || view.state === 'asked') return
    held.delete(view.key)
    if (view.state === 'waiting') return
    byNumber.delete(view.number)
    // It ends with the connection at the latest.
    call('closeView', undefined, { view: view.number }, () => undefined).catch(() => undefined)
  }

  function apply(view: SharedView, message: ViewMessage): void {
    const changes = view.nodes.apply(message, session!.mark)
    view.sessionId = session!.id
    view.state = 'shown'
    view.error = null
    changed(view, changes)
  }

  on('state', ({ state, error }) => {
    if (state !== 'CONNECTED') {
      session = null
      byNumber.clear()
    }
    for (const view of held.values()) {
      // The next session, where there is one, shows it again.
      if (!session) enter(view, 'waiting', error && error.code !== LOST ? error : null)
      // One that was asked for while the link was down has been sent just now.
      else if (view.state === 'waiting') ask(view)
    }
  })

  return {
    show(path, { depth = 'children', data = false } = {}) {
      const key = `${depth} ${data} ${path}`
      const view: SharedView = held.get(key) ?? {
        ...{ key, path, depth, data, nodes: createViewNodes(path), viewers: new Set() },
        ...{ state: 'waiting', number: 0, sessionId: undefined, error: null, snapshot: null },
      }
      const { viewers } = view
      const viewer = createEvents<{ change: NodeChanges }>()
      let last: ViewSnapshot | null = null
      viewers.add(viewer)
      held.set(key, view)
      if (session && view.state === 'waiting') ask(view)
      return {
        getSnapshot: () => last ?? getSnapshot(view),
        getServerSnapshot: () => UNSEEN_VIEW,
        subscribe: (listener) => viewer.on('change', listener),
        close() {
          last ??= getSnapshot(view)
          if (viewers.delete(viewer)) leave(view)
        },
      }
    },
    hear(message) {
      if (message.type === 'session') session = message
      const view = byNumber.get((message as ViewMessage).view)
      if (!view) return
      if (message.type === 'view') apply(view, message)
      if (message.type === 'viewStale') enter(view, 'opened')
      if (message.type === 'viewEnded') {
        const { error } = message
        byNumber.delete(view.number)
        enter(view, 'waiting', new ZoogateError(error.code, error.message, { path: view.path, ...error }))
      }
    },
  }
}
