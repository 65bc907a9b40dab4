import type { ClientSnapshot, Store } from '../session/store.js'
import { UNSEEN_SESSION } from './unseen.js'

/** What telling a session's state needs of a client. */
export type SessionStore = Pick<Store, 'subscribe' | 'getSnapshot' | 'getServerSnapshot'>

const unseen = (): ClientSnapshot => UNSEEN_SESSION
const NO_SESSION: SessionStore = {
  subscribe: () => () => undefined,
  getSnapshot: unseen,
  getServerSnapshot: unseen,
}

/** The client itself is the store; without one, nothing ever happens. */
export const sessionStoreOf = (zk: SessionStore | null): SessionStore => zk ?? NO_SESSION
