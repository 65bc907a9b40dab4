import type { ElectionSnapshot } from '../recipes/election.js'

// What there is to show before anything is open: on a server, in the first render of a page, and without a client.

export { UNSEEN_ROOM } from '../presence/presence.js'
export { UNSEEN_SESSION } from '../session/store.js'
export { UNSEEN_VIEW } from '../views/view.js'

export const UNSEEN_ELECTION: ElectionSnapshot = /* @__PURE__ */ Object.freeze({
  isLeader: false,
  leader: null,
  fencingToken: null,
  signal: null,
  stale: true,
  error: null,
})
