import type { LiveOperations } from '../client/live-parts.js'
import type { ViewOptions, ViewSnapshot } from '../views/view.js'
import { createLazyStore, type LazyStore } from './lazy-store.js'
import { UNSEEN_VIEW } from './unseen.js'

/** What a view needs of a client. */
export type ViewClient = Pick<LiveOperations, 'view'>

/** A view for as long as somebody looks at it; without a client, an empty one. */
export function createViewStore(
  zk: ViewClient | null,
  path: string,
  { depth = 'children', data = false }: ViewOptions = {},
): LazyStore<ViewSnapshot> {
  return createLazyStore(UNSEEN_VIEW, zk && (() => zk.view(path, { depth, data })))
}
