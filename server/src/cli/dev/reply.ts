import type { ServerResponse } from 'node:http'

/** Nothing that `zoogate dev` serves outlives it, so nothing is cached. */
export function reply(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
}

export function replyJson(response: ServerResponse, body: object): void {
  reply(response, 200, 'application/json', JSON.stringify(body))
}

/** @param sentence for people, without the line's end */
export function replyText(response: ServerResponse, status: number, sentence: string): void {
  reply(response, status, 'text/plain; charset=utf-8', `${sentence}\n`)
}
