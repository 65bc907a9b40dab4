import { setTimeout as delay } from 'node:timers/promises'

export interface WaitOptions {
  /** @default 10_000 */
  timeoutMs?: number
  /** @default 50 */
  intervalMs?: number
}

/**
 * Asks again and again until the answer is neither false, null nor undefined, and gives that answer.
 * An exception of the probe ends the wait: a probe that expects failures turns them into `null` itself.
 *
 * @param what the condition, as the end of the sentence "gave up waiting until …".
 */
export async function waitUntil<T>(
  what: string,
  probe: () => T | Promise<T>,
  { timeoutMs = 10_000, intervalMs = 50 }: WaitOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const answer = await probe()
    if (answer !== false && answer !== null && answer !== undefined) {
      return answer as Exclude<T, false | null | undefined>
    }
    if (performance.now() > deadline) throw new Error(`gave up waiting until ${what} after ${timeoutMs} ms`)
    await delay(intervalMs)
  }
}
