import { ZoogateError } from 'zoogate-client'
import { createElection, createLock, type Election, type Held } from 'zoogate-client/recipes'
import { now } from './record.js'
import { pause, type Step, type WorkloadContext } from './workload.js'

/** How often a holder asks whether it holds still. Overlaps that are shorter may stay unseen. */
const ASK_MS = 20
/** How often a holder writes where only holders write. */
const WRITE_MS = 100

export interface RecipeUse {
  lock: string
  /** How long it is held, at most. */
  longestHoldMs: number
}

/** The SDK's lock. */
export function holdByRecipe({ lock, longestHoldMs }: RecipeUse): Step {
  return async (context) => {
    const held = await acquire(context, lock)
    if (held === null) return
    const isHeld = () => held.isHeld
    await hold(context, { lock, token: held.fencingToken, isHeld, longestHoldMs })
    await held.release()
  }
}

/** The SDK's election: each time one is won it is given up again after a while. */
export function leadByRecipe({ lock, longestHoldMs }: RecipeUse): Step {
  return async (context) => {
    const election = createElection(context.page.client, `/chaos/locks/${lock}`, { data: context.page.name })
    election.campaign()
    await elected(election, context.stopping)
    const { fencingToken } = election.getSnapshot()
    const isHeld = () => election.isLeader && election.getSnapshot().fencingToken === fencingToken
    if (fencingToken !== null) await hold(context, { lock, token: fencingToken, isHeld, longestHoldMs })
    await election.close()
  }
}

/** Null when the run stops. */
async function acquire({ page, stopping }: WorkloadContext, lock: string): Promise<Held | null> {
  try {
    return await createLock(page.client, `/chaos/locks/${lock}`).acquire({ signal: stopping })
  } catch (error) {
    if (error instanceof ZoogateError && error.code === 'ABORTED') return null
    throw error
  }
}

/** Resolves as well when the run stops. */
function elected(election: Election, stopping: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const electionOnChange = () => {
      if (!election.isLeader && !stopping.aborted) return
      stop()
      resolve()
    }
    const stop = election.subscribe(electionOnChange)
    stopping.addEventListener('abort', electionOnChange, { once: true })
    electionOnChange()
  })
}

interface Tenure {
  lock: string
  token: bigint
  isHeld: () => boolean
  longestHoldMs: number
}

/** Records how long the recipe says that the page holds, and writes meanwhile. */
async function hold(context: WorkloadContext, tenure: Tenure): Promise<void> {
  const { page, record, random, stopping } = context
  const { lock, token, isHeld } = tenure
  const { epoch } = page
  const holdMs = random() * tenure.longestHoldMs
  const from = now()
  let to: number | null = null
  let wroteAt = 0
  // The time is taken before the answer: a process that is stopped in between is told what holds when it goes on.
  for (let at = from; isHeld(); at = now()) {
    to = at
    if (stopping.aborted || at - from >= holdMs) break
    if (at - wroteAt >= WRITE_MS) {
      wroteAt = at
      void page.setData(`/chaos/fences/${lock}`, page.unique())
    }
    await pause(context, ASK_MS)
  }
  if (to !== null)
    record.add({ kind: 'tenure', page: page.name, epoch, lock, token: Number(token), from, to })
}
