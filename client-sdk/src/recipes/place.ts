import type { DataInput } from '../operations/node-data.js'
import type { RecipeClient } from './client.js'
import { ensurePath } from './parents.js'
import { beforeAgain, codeOf, isUnknown, PATIENT, untilAnswered } from './patience.js'
import { probe } from './probe.js'
import { newPrefix, type QueueLayout, readQueue } from './queue.js'

/** Of the queue, and what its newcomer looks like. */
export interface PlaceOptions {
  path: string
  data: DataInput
  layout: QueueLayout
}

/** One node in a queue, in one session. */
export interface Place {
  /**
   * Takes a place and waits until no other is before it. Gives the node's path; somebody else may have deleted the
   * node, though. Rejects with the reason of `waiting` when that is aborted. To be called once.
   */
  turn(waiting: AbortSignal): Promise<string>
  /** Makes room, also where nobody knows whether the place was taken. To be called when `turn` has settled. */
  leave(): Promise<void>
}

/** The node's path; null before it is made and when it is gone; unknown while its creation has no answer. */
type Standing = string | null | 'unknown'

/** @param session aborted when the session that all this belongs to has ended, and the node with it */
export function createPlace(
  zk: RecipeClient,
  { path, data, layout }: PlaceOptions,
  session: AbortSignal,
): Place {
  const prefix = newPrefix(layout)
  let standing: Standing = null

  async function take(waiting: AbortSignal): Promise<string> {
    while (standing === null || standing === 'unknown') {
      if (standing === 'unknown') standing = await find(waiting)
      standing ??= await create(waiting)
    }
    return standing
  }
  /** 'unknown' and null ask to be tried again. */
  async function create(waiting: AbortSignal): Promise<Standing> {
    waiting.throwIfAborted()
    // Until the answer has come it may, or may not, be there.
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
  async function find(until: AbortSignal): Promise<Standing> {
    // A creation that was sent over a link that broke may still be on its way through the servers: it comes before this.
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

  return {
    async turn(waiting) {
      const own = await take(waiting)
      for (;;) {
        const queue = await untilAnswered(() => readQueue(zk, path, waiting), waiting)
        const before = queue[queue.indexOf(own.slice(path.length + 1)) - 1]
        // The first one, or not there any more: which of the two, the quorum is asked anyway.
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
        // The session's end has removed it.
        if (!session.aborted) throw error
      }
    },
  }
}

/** Resolves when something has happened to the node, and at once when there is none. */
function untilChanged(zk: RecipeClient, path: string, until: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const untilOnAbort = () => reject(until.reason)
    const changed = () => {
      until.removeEventListener('abort', untilOnAbort)
      resolve()
    }
    until.addEventListener('abort', untilOnAbort)
    // Not exists(), which would leave a watch behind on a node that never comes again.
    untilAnswered(() => zk.getData(path, { ...PATIENT, signal: until, watch: changed }), until).catch(
      (error) => {
        if (codeOf(error) === 'NO_NODE') changed()
        else reject(error)
      },
    )
  })
}

/** Deletes a node that only this page has made, so that doing it twice does no harm. */
async function remove(zk: RecipeClient, path: string, until: AbortSignal): Promise<void> {
  try {
    await untilAnswered(() => zk.delete(path, { ...PATIENT, signal: until }), until)
  } catch (error) {
    if (codeOf(error) !== 'NO_NODE') throw error
  }
}
