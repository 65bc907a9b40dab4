import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ConfigError } from '../options.js'
import { signToken } from './token.js'

// The presence board and its demo tokens. Whoever reaches this gets a token, so it only ever listens on loopback.

const TOKEN_LIFETIME_S = 3600
const COOKIE = 'zoogate-demo'
const FILES: Record<string, { file: string; type: string }> = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/board.js': { file: 'board.js', type: 'text/javascript; charset=utf-8' },
  '/board.css': { file: 'board.css', type: 'text/css; charset=utf-8' },
}

const BUILT = new URL('../board/', import.meta.url)

/**
 * @param folder where the built board is
 * @returns a request handler for the board's files and `GET /demo/token` → `{ token, sub }`
 * @throws ConfigError when the board has not been built
 */
export function boardHandler(
  secret: string,
  folder: URL = BUILT,
): (request: IncomingMessage, response: ServerResponse) => void {
  const contents = new Map(
    Object.entries(FILES).map(([path, { file }]) => [path, readBuilt(new URL(file, folder))]),
  )
  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? ''
    if (!isLoopbackName(request.headers.host)) {
      // A name that somebody pointed at this machine would make any web page same-origin with the board.
      send(response, 403, 'text/plain', 'The board answers to localhost and 127.0.0.1 only.\n')
    } else if (path === '/demo/token') {
      sendToken(request, response, secret)
    } else {
      const content = contents.get(path)
      if (content) send(response, 200, FILES[path]?.type ?? '', content)
      else send(response, 404, 'text/plain', 'Not found.\n')
    }
  }
}

function readBuilt(file: URL): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new ConfigError(`the presence board is not built (${(error as Error).message}); run: npm run build`)
  }
}

/** The subject stays with the browser, since a session resumes only for the subject that opened it. */
function sendToken(request: IncomingMessage, response: ServerResponse, secret: string): void {
  const known = /(?:^|; )zoogate-demo=(visitor-[0-9a-f]{12})(?:;|$)/.exec(request.headers.cookie ?? '')?.[1]
  const sub = known ?? `visitor-${randomBytes(6).toString('hex')}`
  response.setHeader('set-cookie', `${COOKIE}=${sub}; HttpOnly; SameSite=Strict; Path=/demo`)
  const body = JSON.stringify({ token: signToken(secret, sub, TOKEN_LIFETIME_S), sub })
  send(response, 200, 'application/json', body)
}

function isLoopbackName(host: string | undefined): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host ?? '')
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
}
