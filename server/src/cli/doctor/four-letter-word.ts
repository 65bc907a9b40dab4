import { connect } from 'node:net'

export interface FourLetterWordOptions {
  /** @default '127.0.0.1' */
  host?: string
  /** Milliseconds for the connection and the whole answer together. @default 2000 */
  timeoutMs?: number
}

/**
 * Sends one of ZooKeeper's administrative words (`srvr`, `mntr`, `cons`, `dump`, …) to a server.
 *
 * @returns the whole answer; also the server's refusal of a word that is not on its whitelist
 * @throws when the server refuses the connection, resets it, or does not end its answer in time
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
    // No half-close after the word: a server that sees the end first may close the connection without an answer.
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
