import { spawn } from 'node:child_process'
import type { Log } from '../../telemetry/log.js'

const OPENERS: Partial<Record<NodeJS.Platform, [command: string, ...args: string[]]>> = {
  darwin: ['open'],
  // `start` belongs to the shell, and takes its first quoted argument for a title.
  win32: ['cmd', '/c', 'start', ''],
}

/** Opens the address in the default browser. Where that fails the log says so: the address has been printed. */
export function openBrowser(url: string, log: Pick<Log, 'warn'>): void {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  const failed = (reason: string) => log.warn({ command, reason }, `no browser opened; open ${url} yourself`)
  const opener = spawn(command, [...args, url], { stdio: 'ignore', detached: true })
  opener.once('error', ({ message }) => failed(message))
  opener.once('exit', (code) => {
    if (code !== 0) failed(`it ended with ${code}`)
  })
  opener.unref()
}
