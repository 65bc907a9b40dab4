import { type ChildProcess, spawn } from 'node:child_process'

// Reads the processes to guard, one list a line; the newest counts. Its input ends when the parent closes it
// or has ended in any way: this works even after a SIGKILL, where no handler of ours would run.
const SCRIPT = `
while read -r pids; do guarded=$pids; done
if [ -n "$guarded" ]; then kill -9 $guarded; sleep 1; fi
if [ -n "$0" ]; then rm -rf -- "$0"; fi
`

/** Ends processes and removes a folder when this process has ended, however it ended. */
export interface OrphanGuard {
  /** Replaces the list of processes. */
  guard(pids: number[]): void
  /** Ends the processes that are still guarded, and removes the folder. Resolves when that is done. */
  release(): Promise<void>
}

/** @param folder removed at the end, with everything in it; null for none. */
export function startOrphanGuard(folder: string | null): OrphanGuard {
  // A process group of its own: Ctrl-C in a terminal must not end the guard before its work.
  const shell = spawn('/bin/sh', ['-c', SCRIPT, folder ?? ''], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const ended = exitOf(shell)
  return {
    guard: (pids) => {
      shell.stdin.write(`${pids.join(' ')}\n`)
    },
    release: () => {
      shell.stdin.end()
      return ended
    },
  }
}

function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => resolve())
    child.once('error', reject)
  })
}
