import type { NodeOperations } from '../operations/operations.js'
import type { ZoogateError } from '../session/errors.js'

/** This session's node in a room, brought to what was wanted last, one step at a time. */
export interface Membership {
  /** The node's; empty until it has a name. */
  path(): string
  /** The data that the node is to have; null: there is to be no node. */
  wanted(): string | null
  /**
   * Resolves with the transaction from which on it is as wanted, by this wish or a later one. When it rejects, what was
   * reached before is wanted again.
   */
  want(data: string | null): Promise<bigint>
  /** There is nothing of ours in this session yet: makes it as it is wanted. */
  restore(): Promise<bigint>
  /** The transaction from which on views show the node; undefined where it is not there as it is wanted. */
  shownFrom(): bigint | undefined
}

interface Wish {
  readonly data: string | null
}

/** A call waits for a connection as long as somebody may want its result. */
const PATIENT = { timeoutMs: Infinity }
/** The ensemble removes empty rooms once in a while. To meet that moment more often than this is no accident. */
const MAX_ROOMS_MADE = 3

/** `choosePath` is asked when the path is needed, until it has an answer. */
export function createMembership(
  room: string,
  zk: NodeOperations,
  choosePath: () => Promise<string>,
): Membership {
  let wanted: Wish = { data: null }
  /** What was reached last, in this session or an earlier one. */
  let standing = wanted
  /** What there is now; null where that is not sure. */
  let reached: Wish | null = wanted
  let zxid = 0n
  let path = ''
  /** What is known of the node. `unknown`: look. `roomless`: the room has to be made first. */
  let place: 'out' | 'in' | 'unknown' | 'roomless' = 'out'
  let roomsMade = 0
  let work: Promise<unknown> = Promise.resolve()

  /** Takes one step towards the wish; true when it is reached. */
  async function step({ data }: Wish): Promise<boolean> {
    if (data === null) {
      if (place !== 'out') await zk.delete(path, PATIENT)
      place = 'out'
      return true
    }
    path ||= await choosePath()
    if (place === 'in') {
      zxid = (await zk.setData(path, data, PATIENT)).mzxid
      return true
    }
    if (place === 'out') {
      zxid = (await zk.create(path, data, { ...PATIENT, mode: 'ephemeral' })).stat.mzxid
      place = 'in'
      return true
    }
    if (place === 'roomless') await make(room)
    else {
      const { stat, text } = await zk.getData(path, PATIENT)
      if (stat.owner === 'mine') {
        zxid = stat.mzxid
        place = 'in'
        return text() === data
      }
      // Of a session that this page had before, and that is not quite dead yet.
      await zk.delete(path, PATIENT)
    }
    place = 'out'
    return false
  }
  /** Containers all the way: made by whoever is first, and open to others below, whatever the gateway's default for nodes. */
  async function make(path: string): Promise<void> {
    const parent = path.slice(0, path.lastIndexOf('/'))
    const create = () => zk.create(path, '', { ...PATIENT, mode: 'container' })
    try {
      await create().catch(async (error: ZoogateError) => {
        if (error.code !== 'NO_NODE' || !parent) throw error
        await make(parent)
        await create()
      })
    } catch (error) {
      if ((error as ZoogateError).code !== 'NODE_EXISTS') throw error
    }
  }
  /** What a step has met tells of the place; false where there is no use in another step. */
  function learn({ code }: ZoogateError): boolean {
    if (code === 'NO_NODE' && place === 'out') {
      place = 'roomless'
      return ++roomsMade <= MAX_ROOMS_MADE
    }
    if (code === 'NO_NODE' || code === 'SESSION_EXPIRED') place = 'out'
    else if (code === 'NODE_EXISTS' || code === 'CONNECTION_LOSS') place = 'unknown'
    else return false
    return true
  }
  async function advance(): Promise<bigint> {
    roomsMade = 0
    while (reached !== wanted) {
      const wish = wanted
      try {
        if (!(await step(wish))) continue
        reached = standing = wish
        break
      } catch (error) {
        if (learn(error as ZoogateError)) continue
        if (wanted === wish) wanted = standing
        throw error
      }
    }
    return zxid
  }
  /** Wishes take their turns. Whoever finds that a newer one was reached meanwhile has nothing to do. */
  function enqueue(): Promise<bigint> {
    const turn = work.then(advance)
    work = turn.catch(() => undefined)
    return turn
  }
  return {
    path: () => path,
    wanted: () => wanted.data,
    want(data) {
      wanted = { data }
      return enqueue()
    },
    restore() {
      reached = null
      place = 'out'
      return enqueue()
    },
    shownFrom: () => (reached === wanted && place === 'in' ? zxid : undefined),
  }
}
