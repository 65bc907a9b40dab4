import type { NodeOperations } from '../operations/operations.js'
import type { ZoogateError } from '../session/errors.js'

/** This session's node in a room, one step at a time. */
export interface OwnNode {
  /** Empty until the node has a name. */
  path(): string
  isThere(): boolean
  /** The transaction that last wrote the node. */
  writtenAt(): bigint
  /** Begins a new session, which has no node yet. */
  reset(): void
  /** Takes one step towards a node with this data, or towards no node (null). True when that is reached. */
  step(data: string | null): Promise<boolean>
  /** Takes notice of a step's error. False: another step does not help. */
  learn(error: ZoogateError): boolean
}

/** A call waits for a connection as long as its result may be needed. */
const PATIENT = { timeoutMs: Infinity }
/** The ensemble removes empty rooms now and then. Hitting that moment more often than this is no accident. */
const MAX_ROOMS_MADE = 3

/** `unknown`: the node has to be read. `roomless`: the room has to be created first. */
type State = 'out' | 'in' | 'unknown' | 'roomless'

/** `choosePath` is called when the path is needed, until it resolves. */
export function createOwnNode(room: string, zk: NodeOperations, choosePath: () => Promise<string>): OwnNode {
  let path = ''
  let state: State = 'out'
  let zxid = 0n
  /** Since the last node was created, or the last failure. */
  let roomsMade = 0

  /** Reads a node of unknown state. True when it is this session's and has this data. */
  async function inspect(data: string): Promise<boolean> {
    const { stat, text } = await zk.getData(path, PATIENT)
    if (stat.owner === 'mine') {
      zxid = stat.mzxid
      state = 'in'
      return text() === data
    }
    // A node of this page's previous session, which has not timed out yet.
    await zk.delete(path, PATIENT)
    state = 'out'
    return false
  }
  return {
    path: () => path,
    isThere: () => state === 'in',
    writtenAt: () => zxid,
    reset() {
      state = 'out'
    },
    async step(data) {
      if (data === null) {
        if (state !== 'out') await zk.delete(path, PATIENT)
        state = 'out'
        return true
      }
      path ||= await choosePath()
      if (state === 'unknown') return inspect(data)
      if (state === 'roomless') {
        await makeRoom(zk, room)
        state = 'out'
        return false
      }
      if (state === 'in') zxid = (await zk.setData(path, data, PATIENT)).mzxid
      else {
        zxid = (await zk.create(path, data, { ...PATIENT, mode: 'ephemeral' })).stat.mzxid
        state = 'in'
        roomsMade = 0
      }
      return true
    },
    learn({ code }) {
      if (code === 'NO_NODE' && state === 'out') {
        state = 'roomless'
        roomsMade = (roomsMade + 1) % (MAX_ROOMS_MADE + 1)
        return roomsMade > 0
      }
      if (code === 'NO_NODE' || code === 'SESSION_EXPIRED') state = 'out'
      else if (code === 'NODE_EXISTS' || code === 'CONNECTION_LOSS') state = 'unknown'
      else return false
      return true
    },
  }
}

/** Containers all the way, made by the first member, and open to the others whatever the gateway's default ACL is. */
async function makeRoom(zk: NodeOperations, path: string): Promise<void> {
  const parent = path.slice(0, path.lastIndexOf('/'))
  const create = () => zk.create(path, '', { ...PATIENT, mode: 'container' })
  try {
    await create().catch(async (error: ZoogateError) => {
      if (error.code !== 'NO_NODE' || !parent) throw error
      await makeRoom(zk, parent)
      await create()
    })
  } catch (error) {
    if ((error as ZoogateError).code !== 'NODE_EXISTS') throw error
  }
}
