import { now } from './record.js'
import type { Step } from './workload.js'

/** Few enough to be fought over. */
const REGISTERS = 3
/** A register retires after this time, so that its history stays short enough to be checked. */
const RETIRES_AFTER_MS = 15_000

/** Writes, compares and sets, and reads a register that the others write too; sometimes watches it. */
export const useRegister: Step = async ({ page, random, startedAt }) => {
  const round = Math.floor((now() - startedAt) / RETIRES_AFTER_MS)
  const path = `/chaos/registers/${round}-${Math.floor(random() * REGISTERS)}`
  const dice = random()
  if (dice < 0.25) {
    await page.freshGetData(path)
  } else if (dice < 0.4) {
    await page.getData(path)
  } else if (dice < 0.55) {
    await page.getData(path, () => undefined)
  } else if (dice < 0.75) {
    const written = await page.setData(path, page.unique())
    if (!written.ok && written.code === 'NO_NODE') await page.create(path, page.unique())
  } else {
    const read = await page.getData(path)
    if (read.ok) await page.setData(path, page.unique(), read.value.stat.version)
  }
}

/** Numbers that the ensemble hands out. */
export const takeNumber: Step = async ({ page }) => {
  await page.create('/chaos/queue/n-', page.unique(), 'persistent_sequential')
}

/** Several calls at once, which have to run in the order in which they were issued. */
export const burst: Step = async ({ page }) => {
  const path = `/chaos/scratch/${page.name}`
  const calls = Array.from({ length: 4 }, () => [page.setData(path, page.unique()), page.getData(path)])
  await Promise.all(calls.flat())
}
