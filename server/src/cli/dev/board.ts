import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ConfigError } from '../../config/options.js'
import { signToken } from '../token.js'
import { type RequestHandler, reply, replyJson, replyText } from './requests.js'

// The presence board, the service board and their demo tokens. Every visitor gets a token, so this listens on loopback only.

const TOKEN_LIFETIME_S = 3600
const COOKIE = 'zoogate-demo'
const FILES: Record<string, { file: string; type: string }> = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/board.js': { file: 'board.js', type: 'text/javascript; charset=utf-8' },
  '/board.css': { file: 'board.css', type: 'text/css; charset=utf-8' },
  '/services': { file: 'services.html', type: 'text/html; charset=utf-8' },
  '/services.js': { file: 'services.js', type: 'text/javascript; charset=utf-8' },
  '/services.css': { file: 'services.css', type: 'text/css; charset=utf-8' },
}

const BUILT = new URL('../../board/', import.meta.url)

export interface BoardOptions {
  secret: string
  /** Folder of the built boards. @default beside this package's own code */
  folder?: URL
  /** Handlers by path: `/demo/faults`, `/demo/services`. @default none, and the boards offer neither */
  demos?: Readonly<Record<string, RequestHandler>>
}

/**
 * @returns a request handler for the boards' files and `GET /demo/token` → `{ token, sub }`
 * @throws ConfigError when the boards have not been built
 */
export function boardHandler({ secret, folder = BUILT, demos = {} }: BoardOptions): RequestHandler {
  const contents = new Map(
    Object.entries(FILES).map(([path, { file }]) => [path, readBuilt(new URL(file, folder))]),
  )
  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? ''
    const content = contents.get(path)
    const demo = Object.hasOwn(demos, path) ? demos[path] : undefined
    // DNS rebinding: a foreign name that resolves to this machine would make its pages same-origin with the boards.
    if (!isLoopbackName(request.headers.host))
      replyText(response, 403, 'The boards answer to localhost and 127.0.0.1 only.')
    else if (path === '/demo/token') replyToken(request, response, secret)
    else if (demo) demo(request, response)
    else if (content) reply(response, 200, FILES[path]?.type ?? '', content)
    else replyText(response, 404, 'Not found.')
  }
}

function readBuilt(file: URL): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new ConfigError(`the boards are not built (${(error as Error).message}); run: npm run build`)
  }
}

/** A cookie keeps the subject in the browser: a session resumes only for the subject that opened it. */
function replyToken(request: IncomingMessage, response: ServerResponse, secret: string): void {
  const known = /(?:^|; )zoogate-demo=(visitor-[0-9a-f]{12})(?:;|$)/.exec(request.headers.cookie ?? '')?.[1]
  const sub = known ?? `visitor-${randomBytes(6).toString('hex')}`
  response.setHeader('set-cookie', `${COOKIE}=${sub}; HttpOnly; SameSite=Strict; Path=/demo`)
  replyJson(response, { token: signToken(secret, sub, TOKEN_LIFETIME_S), sub })
}

function isLoopbackName(host: string | undefined): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host ?? '')
}
