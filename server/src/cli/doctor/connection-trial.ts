import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { Server } from '../../zookeeper/index.js'
import { fourLetterWord } from './four-letter-word.js'

/** A server counts a connection a moment after it has looked at the count: so many may slip through. */
const BATCH = 5

/** For a connection, and for an answer. */
const PATIENCE_MS = 5_000

/**
 * About how many of `count` connections at once a server keeps. Nothing is sent over them; after each few of them another
 * one is opened for a question, which gets no answer once there are too many.
 */
export async function connectionsKept({ host, port }: Server, count: number): Promise<number> {
  const open = new Set<Socket>()
  try {
    for (let opened = 0; opened < count; opened += BATCH) {
      await Promise.all(Array.from({ length: BATCH }, () => openOne({ host, port }, open)))
      const answer = await fourLetterWord(port, 'srvr', { host, timeoutMs: PATIENCE_MS }).catch(() => '')
      if (answer === '') break
    }
    // What the server has closed before that has arrived here, but was perhaps not looked at yet.
    await setImmediate()
    return open.size
  } finally {
    for (const socket of open) socket.destroy()
  }
}

/** Resolves when the connection stands or is refused. It is in the set for as long as it stands. */
function openOne(server: Server, open: Set<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(server)
    open.add(socket)
    const onGone = () => {
      open.delete(socket)
      socket.destroy()
      resolve()
    }
    socket.setTimeout(PATIENCE_MS, onGone)
    socket.on('connect', () => {
      socket.setTimeout(0)
      resolve()
    })
    for (const end of ['end', 'close', 'error']) socket.on(end, onGone)
    socket.resume()
  })
}
