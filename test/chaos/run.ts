import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type History, historyOf } from './history.js'
import { runNemesis } from './nemesis.js'
import { now, Recorder, readRecord } from './record.js'
import { setStage } from './stage.js'
import { readCommitted } from './transaction-log.js'

export interface ChaosOptions {
  seed: number
  /** How long faults go on. */
  durationMs: number
  calmMs: { shortest: number; longest: number }
}

const RECORDS = fileURLToPath(new URL('../../node_modules/.cache/zoogate-chaos', import.meta.url))

const TICK_TIME_MS = 500
/** The longest that servers with this tick give. */
const SESSION_TIMEOUT_MS = 10_000
const PROCESSES = 4
const PAGES_PER_PROCESS = 7

/** Undisturbed at the end: the longest wait between two attempts of a page, its attempt, and some work. */
const RECOVERY_MS = 15_000

/** A whole run. The record stays in the folder that is returned. */
export async function runChaos({ seed, durationMs, calmMs }: ChaosOptions): Promise<{
  history: History
  folder: string
}> {
  mkdirSync(RECORDS, { recursive: true })
  const folder = mkdtempSync(join(RECORDS, `seed-${seed}-`))
  const wallOffsetMs = Date.now() - now()
  const shared = {
    seed,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    tickTimeMs: TICK_TIME_MS,
    processes: PROCESSES,
  }
  const stage = await setStage({ ...shared, folder, pagesPerProcess: PAGES_PER_PROCESS })
  try {
    const faultFile = join(folder, 'faults.jsonl')
    const record = new Recorder(faultFile)
    await runNemesis(stage, record, { ...shared, durationMs, calmMs })
    const calmFrom = now()
    await delay(RECOVERY_MS)
    const calmTo = now()
    await Promise.all(stage.processes.map((process) => process.stop()))
    record.close()
    const rows = [faultFile, ...stage.processes.map(({ recordFile }) => recordFile)].flatMap(readRecord)
    const settings = { ...shared, wallOffsetMs, calmFrom, calmTo }
    return { history: historyOf(settings, rows, readCommitted(stage.dataDirs)), folder }
  } catch (error) {
    throw new Error(`the run with seed ${seed} broke off; its record is in ${folder}`, { cause: error })
  } finally {
    await stage.close()
  }
}
