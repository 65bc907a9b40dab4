import { randomUUID } from 'node:crypto'
import type { Client, WatchEvent } from 'zoogate-client'

/** kazoo puts this between the unique part of a lock node's name and its sequence number. */
const KAZOO_LOCK = '__lock__'

/** ZooKeeper's lock recipe on a page, in kazoo's layout: queue up, and wait for the one before. */
export async function withPageLock<T>(zk: Client, path: string, inside: () => Promise<T>): Promise<T> {
  const prefix = `${path}/${randomUUID().replaceAll('-', '')}${KAZOO_LOCK}`
  const own = await zk.create(prefix, '', { mode: 'ephemeral_sequential' })
  const name = own.path.slice(path.length + 1)
  try {
    await ownTurn(zk, path, name)
    return await inside()
  } finally {
    await zk.delete(own.path)
  }
}

async function ownTurn(zk: Client, path: string, name: string): Promise<void> {
  for (;;) {
    const { children } = await zk.getChildren(path)
    const queue = children.filter((child) => child.includes(KAZOO_LOCK)).sort(bySequence)
    const before = queue[queue.indexOf(name) - 1]
    if (before === undefined) return
    let left: (event: WatchEvent) => void = () => undefined
    const gone = new Promise((resolve) => {
      left = resolve
    })
    if (await zk.exists(`${path}/${before}`, { watch: left })) await gone
  }
}

function bySequence(a: string, b: string): number {
  return Number(a.slice(-10)) - Number(b.slice(-10))
}
