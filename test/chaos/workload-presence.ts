import type { Step } from './workload.js'

/** Holds one ephemeral node for each session of the page, and looks whether it is there. */
export const bePresent: Step = async ({ page }) => {
  const path = presencePath(page.name, page.epoch)
  const seen = await page.exists(path)
  if (seen.ok && seen.value === null) await page.create(path, page.unique(), 'ephemeral')
}

export function presencePath(page: string, epoch: number): string {
  return `/chaos/presence/${page}-${epoch}`
}
