import type { Transaction } from './transaction-log.js'

/** The zxids at which each node was created, written or deleted, in order; a session's end deletes its nodes. */
export function changesByPath(transactions: Transaction[]): Map<string, number[]> {
  const changes = new Map<string, number[]>()
  const owned = new Map<string, Set<string>>()
  const change = (path: string, zxid: number) => {
    const known = changes.get(path)
    if (known) known.push(zxid)
    else changes.set(path, [zxid])
  }
  for (const { type, path, zxid, session, isEphemeral } of transactions) {
    if (type === 'create' || type === 'setData' || type === 'delete') change(path, zxid)
    if (isEphemeral) owned.set(session, (owned.get(session) ?? new Set()).add(path))
    if (type === 'delete') for (const paths of owned.values()) paths.delete(path)
    if (type === 'closeSession') for (const ended of owned.get(session) ?? []) change(ended, zxid)
  }
  return changes
}
