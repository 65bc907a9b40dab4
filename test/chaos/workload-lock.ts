import type { Page } from './page.js'
import { now } from './record.js'
import { pause, type Step, type WorkloadContext } from './workload.js'

/** A watch that is missed for good would stop the page here; the checkers find it, this only keeps things going. */
const LOOK_AGAIN_MS = 5_000

export interface LockUse {
  lock: string
  /** How long the lock is held, at most. An election is a lock that its winner keeps. */
  longestHoldMs: number
}

/**
 * ZooKeeper's lock recipe: an ephemeral sequential node each, the lowest holds, each other one watches the one before
 * it. The node's name begins with a name of its own, by which it is found if the answer to its creation was lost.
 */
export function takeLock({ lock, longestHoldMs }: LockUse): Step {
  return async (context) => {
    const { page, random } = context
    const attempt: Attempt = { ...context, lock, epoch: page.epoch, own: `${page.unique()}-` }
    await page.create(`${folderOf(lock)}/${attempt.own}`, attempt.own, 'ephemeral_sequential')
    const node = await waitForTurn(attempt)
    if (node !== null) await hold(attempt, node, random() * longestHoldMs)
    await leave(attempt)
  }
}

interface Attempt extends WorkloadContext {
  lock: string
  /** The session that everything here belongs to. */
  epoch: number
  /** Prefix of the attempt's node. */
  own: string
}

const folderOf = (lock: string) => `/chaos/locks/${lock}`

/** ZooKeeper appends ten digits. */
export function fenceOf(node: string): number {
  return Number(node.slice(-10))
}

const isOver = ({ page, epoch, stopping }: Attempt) => page.epoch !== epoch || stopping.aborted

/** The node that holds the lock for this attempt; null when the attempt is over, or its node was never made. */
async function waitForTurn(attempt: Attempt): Promise<string | null> {
  const { page, lock, own } = attempt
  while (!isOver(attempt)) {
    const queue = await queueOf(page, lock)
    if (queue === null) {
      await pause(attempt, 100)
      continue
    }
    const place = queue.findIndex((node) => node.startsWith(own))
    if (place <= 0) return queue[place] ?? null
    await change(attempt, `${folderOf(lock)}/${queue[place - 1]}`)
  }
  return null
}

/** The nodes in their order; null while it is unknown. */
async function queueOf(page: Page, lock: string): Promise<string[] | null> {
  const listed = await page.freshGetChildren(folderOf(lock))
  return listed.ok ? listed.value.children.sort((a, b) => fenceOf(a) - fenceOf(b)) : null
}

/** Waits until something happens to the node before ours. */
async function change(attempt: Attempt, predecessor: string): Promise<void> {
  let happened: () => void = () => undefined
  const event = new Promise<void>((resolve) => {
    happened = resolve
  })
  const seen = await attempt.page.exists(predecessor, () => happened())
  if (seen.ok && seen.value !== null) await Promise.race([event, pause(attempt, LOOK_AGAIN_MS)])
}

/** While it holds, it writes where only holders write. */
async function hold(attempt: Attempt, node: string, ms: number): Promise<void> {
  const { page, record, lock, epoch } = attempt
  const from = now()
  while (!isOver(attempt) && page.client.state === 'CONNECTED' && now() - from < ms) {
    await page.setData(`/chaos/fences/${lock}`, page.unique())
    await pause(attempt, 100)
  }
  record.add({ kind: 'hold', page: page.name, epoch, lock, fence: fenceOf(node), from, to: now() })
}

/** Takes the attempt's node away; its session's end does the same. */
async function leave(attempt: Attempt): Promise<void> {
  const { page, lock, own } = attempt
  while (page.epoch === attempt.epoch && page.client.state !== 'CLOSED' && !attempt.stopping.aborted) {
    const queue = await queueOf(page, lock)
    const node = queue?.find((name) => name.startsWith(own))
    if (queue !== null && node === undefined) return
    if (page.epoch === attempt.epoch && node !== undefined) await page.delete(`${folderOf(lock)}/${node}`)
    else await pause(attempt, 100)
  }
}
