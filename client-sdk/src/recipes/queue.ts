import type { DataInput } from '../operations/node-data.js'
import {
  beforeAgain,
  codeOf,
  ensurePath,
  isUnknown,
  PATIENT,
  probe,
  type RecipeClient,
  untilAnswered,
} from './repeated-calls.js'

/**
 * How the nodes of a queue are named: as by kazoo's Lock and Election, or as by Curator's InterProcessMutex and
 * LeaderLatch. Clients of one lock should agree: kazoo sees Curator's nodes only with
 * `extra_lock_patterns=['-lock-']`, and Curator does not see kazoo's. This recipe always sees both.
 */
export type QueueLayout = 'kazoo' | 'curator'

/** ZooKeeper appends ten digits, with a minus sign before them once its counter has overflowed. */
const CONTENDER = /(?:__lock__|-lock-)(-?\d{10})$/

/** The length of the random part, in bytes: a UUID's. */
const UUID_BYTES = 16

/** A unique beginning of a node's name. It identifies the node if the answer to its creation is lost. */
export function newPrefix(layout: QueueLayout): string {
  // Not randomUUID(), which is missing in pages that are not served over https.
  const bytes = crypto.getRandomValues(new Uint8Array(UUID_BYTES))
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  if (layout === 'kazoo') return `${hex}__lock__`
  return `_c_${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}-lock-`
}

/** The contenders among the children, in their order; the first one holds. */
export function contendersOf(children: readonly string[]): string[] {
  const places = children.flatMap((name) => {
    const number = CONTENDER.exec(name)?.[1]
    return number === undefined ? [] : [{ name, number }]
  })
  // As text, like kazoo: then all clients agree, also after the counter has overflowed.
  return places.sort((a, b) => (a.number < b.number ? -1 : 1)).map(({ name }) => name)
}

/** The contenders under a path now, as the page's server sees them. */
export async function readQueue(zk: RecipeClient, path: string, signal: AbortSignal): Promise<string[]> {
  return contendersOf((await zk.getChildren(path, { ...PATIENT, signal })).children)
}

/** The queue and its new node. */
export interface QueueOptions {
  path: string
  data: DataInput
  layout: QueueLayout
}

/** One node in a queue, in one session. */
export interface QueueNode {
  /**
   * Creates the node and waits until no other is before it. Gives the node's path; another client may have deleted the
   * node meanwhile. Rejects with the reason of `waiting` when that is aborted. To be called once.
   */
  turn(waiting: AbortSignal): Promise<string>
  /** Deletes the node, also when its creation has an unknown outcome. To be called when `turn` has settled. */
  leave(): Promise<void>
}

/** The node's path; null before it is created and after it is deleted; unknown while its creation has no answer. */
type Standing = string | null | 'unknown'

/** @param session aborted when the node's session has ended, and the node with it */
export function createQueueNode(
  zk: RecipeClient,
  { path, data, layout }: QueueOptions,
  session: AbortSignal,
): QueueNode {
  const prefix = newPrefix(layout)
  let standing: Standing = null

  async function take(waiting: AbortSignal): Promise<string> {
    while (standing === null || standing === 'unknown') {
      if (standing === 'unknown') standing = await find(waiting)
      standing ??= await create(waiting)
    }
    return standing
  }
  /** 'unknown' and null: the caller tries again. */
  async function create(waiting: AbortSignal): Promise<Standing> {
    waiting.throwIfAborted()
    // Until the answer arrives the node may exist or not.
    standing = 'unknown'
    try {
      const options = { ...PATIENT, mode: 'ephemeral_sequential', signal: waiting } as const
      return (await zk.create(`${path}/${prefix}`, data, options)).path
    } catch (error) {
      if (isUnknown(error)) {
        waiting.throwIfAborted()
        return 'unknown'
      }
      standing = null
      if (codeOf(error) === 'NO_NODE') await ensurePath(zk, path, waiting)
      else await beforeAgain(error, waiting)
      return null
    }
  }
  const find = (until: AbortSignal) => findNode(zk, path, prefix, until)

  return {
    async turn(waiting) {
      const own = await take(waiting)
      for (;;) {
        const queue = await untilAnswered(() => readQueue(zk, path, waiting), waiting)
        const before = queue[queue.indexOf(own.slice(path.length + 1)) - 1]
        // The first, or deleted: the caller asks the quorum which.
        if (before === undefined) return own
        await untilChanged(zk, `${path}/${before}`, waiting)
      }
    },
    async leave() {
      if (session.aborted) return
      try {
        if (standing === 'unknown') standing = await find(session)
        if (standing !== null) await remove(zk, standing, session)
        standing = null
      } catch (error) {
        // The session's end has deleted it.
        if (!session.aborted) throw error
      }
    },
  }
}

/** The node whose name has this prefix, after all earlier writes of the session; null when there is none. */
async function findNode(
  zk: RecipeClient,
  path: string,
  prefix: string,
  until: AbortSignal,
): Promise<Standing> {
  // A creation that was sent over a broken link may still be on its way through the servers: it runs before this probe.
  await untilAnswered(
    () => probe((options) => zk.delete(`${path}/${prefix}`, { ...options, signal: until })),
    until,
  )
  const queue = await untilAnswered(() => readQueue(zk, path, until), until).catch((error) => {
    if (codeOf(error) === 'NO_NODE') return []
    throw error
  })
  const name = queue.find((name) => name.startsWith(prefix))
  return name === undefined ? null : `${path}/${name}`
}

/** Resolves when the node has changed, and at once when it does not exist. */
function untilChanged(zk: RecipeClient, path: string, until: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const untilOnAbort = () => reject(until.reason)
    const changed = () => {
      until.removeEventListener('abort', untilOnAbort)
      resolve()
    }
    until.addEventListener('abort', untilOnAbort)
    // Not exists(), which would leave a watch on a node that is never created again.
    untilAnswered(() => zk.getData(path, { ...PATIENT, signal: until, watch: changed }), until).catch(
      (error) => {
        if (codeOf(error) === 'NO_NODE') changed()
        else reject(error)
      },
    )
  })
}

/** Deletes a node that only this page creates, so that a second deletion does no harm. */
async function remove(zk: RecipeClient, path: string, until: AbortSignal): Promise<void> {
  try {
    await untilAnswered(() => zk.delete(path, { ...PATIENT, signal: until }), until)
  } catch (error) {
    if (codeOf(error) !== 'NO_NODE') throw error
  }
}
