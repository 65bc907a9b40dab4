import type { Client } from './index.js'
import { createLazyStore, type LazyStore } from './lazy-store.js'
import { UNSEEN_VIEW } from './unseen.js'
import type { ViewOptions, ViewSnapshot } from './view.js'

/** What a view needs of a client. */
export type ViewClient = Pick<Client, 'view'>

/** A view for as long as somebody looks at it; without a client, an empty one. */
export function createViewStore(
  zk: ViewClient | null,
  path: string,
  { depth = 'children', data = false }: ViewOptions = {},
): LazyStore<ViewSnapshot> {
  return createLazyStore(UNSEEN_VIEW, zk && (() => zk.view(path, { depth, data })))
}
