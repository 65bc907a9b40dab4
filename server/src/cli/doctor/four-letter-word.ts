import { connect } from 'node:net'

export interface FourLetterWordOptions {
  /** @default '127.0.0.1' */
  host?: string
  /** For the connection and the whole answer together. @default 2000 */
  timeoutMs?: number
}

/**
 * Asks one ZooKeeper server one of its administrative words (`srvr`, `mntr`, `cons`, `dump`, …).
 *
 * @returns the whole answer, as the server words it; also its refusal of a word that is not on its whitelist.
 * @throws when the server does not accept, resets, or has not finished its answer in time.
 */
export function fourLetterWord(
  port: number,
  word: string,
  { host = '127.0.0.1', timeoutMs = 2000 }: FourLetterWordOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect({ host, port })
    const deadline = setTimeout(() => {
      socket.destroy(new Error(`${host}:${port} has not answered '${word}' within ${timeoutMs} ms`))
    }, timeoutMs)
    // No half-close after the word: a server that sees the end first may drop the connection unanswered.
    socket.on('connect', () => socket.write(word))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', (cause) => {
      reject(new Error(`cannot ask ${host}:${port} '${word}': ${cause.message}`, { cause }))
    })
    socket.on('close', () => {
      clearTimeout(deadline)
      resolve(Buffer.concat(chunks).toString('utf8'))
    })
  })
}
