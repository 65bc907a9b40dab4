import { readFileSync } from 'node:fs'
import { waitUntil } from './wait-until.js'

/** Sends SIGSTOP and waits until the process stands still: the signal takes effect some time after `kill`. */
export async function stopProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await waitUntil(`process ${pid} stands still`, () => processState(pid) === 'T', { intervalMs: 5 })
}

/** The one-letter state from Linux' process table: T is stopped by a signal. */
export function processState(pid: number): string | undefined {
  const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The command's name, in brackets, may hold brackets and spaces itself.
  return line.slice(line.lastIndexOf(')') + 2)[0]
}
