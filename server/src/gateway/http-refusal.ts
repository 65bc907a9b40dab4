import type { Duplex } from 'node:stream'

/** An answer in place of the upgrade: cheaper than a WebSocket with a verdict, which is what counts here. */
export interface HttpRefusal {
  status: `${400 | 404 | 408 | 429 | 431 | 503} ${string}`
  retryAfterS?: number
}

/** Answers, and ends the socket. */
export function refuse(socket: Duplex, { status, retryAfterS }: HttpRefusal): void {
  const retry = retryAfterS === undefined ? '' : `Retry-After: ${retryAfterS}\r\n`
  // Nothing else listens any more, and an error without a listener ends the process.
  socket.on('error', () => socket.destroy())
  // Nothing else ends a socket whose peer does not close.
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\n${retry}Connection: close\r\nContent-Length: 0\r\n\r\n`)
}
