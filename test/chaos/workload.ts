import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from './page.js'
import type { Recorder } from './record.js'

export interface WorkloadContext {
  page: Page
  record: Recorder
  /** 0 up to 1. */
  random: () => number
  /** `now()` at the start of the run, the same for all processes. */
  startedAt: number
  stopping: AbortSignal
}

/** A step of a page's life; it is taken again and again until the run stops. */
export type Step = (context: WorkloadContext) => Promise<void>

/** Between two steps of one page. Dozens of pages leave two cores some room for the servers. */
const PACE_MS = { shortest: 50, longest: 350 }

export async function repeat(step: Step, context: WorkloadContext): Promise<void> {
  while (!context.stopping.aborted) {
    await step(context)
    await pause(context, PACE_MS.shortest + context.random() * (PACE_MS.longest - PACE_MS.shortest))
  }
}

/** Ends early when the run stops. */
export async function pause({ stopping }: WorkloadContext, ms: number): Promise<void> {
  // The one way in which it rejects is the abort, which is no failure.
  await delay(ms, undefined, { signal: stopping }).catch(() => undefined)
}

/** Folders that the workloads write in. */
export const FOLDERS = [
  '/chaos',
  '/chaos/registers',
  '/chaos/scratch',
  '/chaos/presence',
  '/chaos/queue',
  '/chaos/locks',
  '/chaos/fences',
] as const
