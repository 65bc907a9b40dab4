import { allows, checkAcl, OPEN_ACL, userOf, withoutDigests } from './acl.js'
import { results, stepTypes } from './multi.js'
import { ERR, EVENT, OP, PERMISSION, RECORD, Refusal } from './protocol.js'
import { type Cursor, MalformedRecord, type WritableRecord } from './records.js'
import type { EnsembleState } from './state.js'
import { type Node, statOf } from './tree.js'
import type { Watcher, WatchTable } from './watches.js'
import type { Asker } from './writes.js'

/** Everything that a read may need. */
export interface Reading {
  readonly state: EnsembleState
  readonly asker: Asker
  /** The watches that it sets notify this connection. */
  readonly watcher: Watcher
  /** Whether the release that the ensemble behaves as knows them. */
  readonly persistentWatches: boolean
}

/** Reads one request from the cursor and gives the answer's body, or throws a Refusal. */
export type Read = (request: Cursor, reading: Reading) => WritableRecord | null

const exists: Read = (request, { state, watcher }) => {
  const { path, watch } = RECORD.pathAndWatch.read(request)
  // The only watch that can be set on a node that does not exist.
  if (watch) state.watches.data.add(path, watcher, 'once')
  return RECORD.stat.of({ stat: statOf(state.tree.get(path)) })
}

const getData: Read = (request, reading) => {
  const { node, path, watch } = readable(request, reading)
  if (watch) reading.state.watches.data.add(path, reading.watcher, 'once')
  return RECORD.dataAndStat.of({ data: node.data, stat: statOf(node) })
}

const getChildren: Read = (request, reading) => {
  return RECORD.children.of({ children: [...watchedChildren(request, reading).children] })
}

const getChildren2: Read = (request, reading) => {
  const node = watchedChildren(request, reading)
  return RECORD.childrenAndStat.of({ children: [...node.children], stat: statOf(node) })
}

const getAcl: Read = (request, { state, asker }) => {
  const node = state.tree.get(RECORD.path.read(request).path)
  checkAcl(node.acl, PERMISSION.READ | PERMISSION.ADMIN, asker.identities)
  const acl = allows(node.acl, PERMISSION.ADMIN, asker.identities) ? [...node.acl] : withoutDigests(node.acl)
  return RECORD.aclAndStat.of({ acl, stat: statOf(node) })
}

/** The ensemble has one state, so there is nothing to catch up with. */
const sync: Read = (request) => RECORD.path.of(RECORD.path.read(request))

const getEphemerals: Read = (request, { state, asker }) => {
  const prefix = RECORD.prefix.read(request).prefix ?? ''
  const children = state.tree.ephemeralsOf(asker.sessionId).filter((path) => path.startsWith(prefix))
  return RECORD.children.of({ children })
}

/** All nodes below, not only the children. */
const getAllChildrenNumber: Read = (request, { state, asker }) => {
  const path = RECORD.path.read(request).path
  checkAcl(state.tree.get(path).acl, PERMISSION.READ, asker.identities)
  const prefix = path === '/' ? path : `${path}/`
  let count = 0
  for (const [other] of state.tree.entries()) if (other !== '/' && other.startsWith(prefix)) count++
  return RECORD.count.of({ count })
}

const whoAmI: Read = (_request, { asker }) => {
  return RECORD.identities.of({ identities: asker.identities.map(userOf) })
}

const multiRead: Read = (request, reading) => {
  const list = []
  for (const type of stepTypes(request)) {
    const read = MULTI_READS.get(type)
    if (read === undefined) throw new MalformedRecord(`a multiRead with a step of type ${type}`)
    try {
      list.push({ type, body: read(request, reading) })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      list.push({ type: OP.ERROR, err: error.err, body: RECORD.error.of({ err: error.err }) })
    }
  }
  return results(list)
}

const addWatch: Read = (request, { state: { watches }, watcher, persistentWatches }) => {
  if (!persistentWatches) throw new Refusal(ERR.UNIMPLEMENTED)
  const { path, mode } = RECORD.addWatch.read(request)
  if (mode !== PERSISTENT && mode !== RECURSIVE) throw new MalformedRecord(`a watch of mode ${mode}`)
  watches.addPersistent(path, watcher, mode === PERSISTENT ? 'persistent' : 'recursive')
  return RECORD.error.of({ err: ERR.OK })
}

const PERSISTENT = 0
const RECURSIVE = 1

const checkWatches: Read = (request, { state }) => {
  const { path, type } = RECORD.pathAndType.read(request)
  const covered = tablesOf(type, state).some((table) => table.covers(path))
  if (!covered) throw new Refusal(ERR.NO_WATCHER)
  return null
}

const removeWatches: Read = (request, { state, watcher }) => {
  const { path, type } = RECORD.pathAndType.read(request)
  const removed = tablesOf(type, state).filter((table) => table.remove(path, watcher))
  if (removed.length === 0) throw new Refusal(ERR.NO_WATCHER)
  return null
}

function tablesOf(type: number, { watches }: EnsembleState): WatchTable[] {
  const tables = [[watches.children], [watches.data], [watches.children, watches.data]][type - 1]
  if (tables === undefined) throw new MalformedRecord(`watches of type ${type}`)
  return tables
}

const setWatches: Read = (request, reading) => {
  catchUp(RECORD.setWatches.read(request), reading)
  return null
}

const setWatches2: Read = (request, reading) => {
  if (!reading.persistentWatches) throw new Refusal(ERR.UNIMPLEMENTED)
  const asked = RECORD.setWatches2.read(request)
  catchUp(asked, reading)
  const { watches } = reading.state
  for (const path of asked.persistent) watches.addPersistent(path, reading.watcher, 'persistent')
  for (const path of asked.recursive) watches.addPersistent(path, reading.watcher, 'recursive')
  return null
}

type OneShotWatches = ReturnType<typeof RECORD.setWatches.read>

/** ZooKeeper checks no access control list for events that it sends late. */
const UNCHECKED = OPEN_ACL

/** Notifies at once of changes since the zxid that the client has seen; sets the watches of unchanged nodes. */
function catchUp({ relativeZxid, data, exist, child }: OneShotWatches, { state, watcher }: Reading): void {
  const { tree, watches } = state
  for (const path of data) {
    const node = tree.find(path)
    if (node === undefined) watcher.notify(EVENT.DELETED, path, UNCHECKED)
    else if (node.mzxid > relativeZxid) watcher.notify(EVENT.DATA_CHANGED, path, UNCHECKED)
    else watches.data.add(path, watcher, 'once')
  }
  for (const path of exist) {
    if (tree.find(path) !== undefined) watcher.notify(EVENT.CREATED, path, UNCHECKED)
    else watches.data.add(path, watcher, 'once')
  }
  for (const path of child) {
    const node = tree.find(path)
    if (node === undefined) watcher.notify(EVENT.DELETED, path, UNCHECKED)
    else if (node.pzxid > relativeZxid) watcher.notify(EVENT.CHILDREN_CHANGED, path, UNCHECKED)
    else watches.children.add(path, watcher, 'once')
  }
}

function watchedChildren(request: Cursor, reading: Reading): Node {
  const { node, path, watch } = readable(request, reading)
  if (watch) reading.state.watches.children.add(path, reading.watcher, 'once')
  return node
}

function readable(request: Cursor, { state, asker }: Reading) {
  const { path, watch } = RECORD.pathAndWatch.read(request)
  const node = state.tree.get(path)
  checkAcl(node.acl, PERMISSION.READ, asker.identities)
  return { node, path, watch }
}

const MULTI_READS: ReadonlyMap<number, Read> = new Map([
  [OP.GET_DATA, getData],
  [OP.GET_CHILDREN, getChildren],
])

/** Requests that change no node. Watches are the connection's own. */
export const READS: ReadonlyMap<number, Read> = new Map([
  ...MULTI_READS,
  [OP.EXISTS, exists],
  [OP.GET_CHILDREN2, getChildren2],
  [OP.GET_ACL, getAcl],
  [OP.SYNC, sync],
  [OP.GET_EPHEMERALS, getEphemerals],
  [OP.GET_ALL_CHILDREN_NUMBER, getAllChildrenNumber],
  [OP.WHO_AM_I, whoAmI],
  [OP.MULTI_READ, multiRead],
  [OP.ADD_WATCH, addWatch],
  [OP.CHECK_WATCHES, checkWatches],
  [OP.REMOVE_WATCHES, removeWatches],
  [OP.SET_WATCHES, setWatches],
  [OP.SET_WATCHES2, setWatches2],
])
