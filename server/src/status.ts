import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'

/**
 * Answers the three status paths.
 * @param isOpen whether new connections are taken; an ensemble that is down does not make a gateway unready,
 *   because its pages wait for the ensemble here as well as anywhere
 */
export function statusHandler(
  registry: Registry,
  isOpen: () => boolean,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const answers: Record<string, (response: ServerResponse) => void> = {
    '/healthz': (response) => text(response, 200, 'ok'),
    '/readyz': (response) => (isOpen() ? text(response, 200, 'ready') : text(response, 503, 'draining')),
    '/metrics': (response) => {
      registry.metrics().then(
        (body) => response.writeHead(200, { 'content-type': registry.contentType }).end(body),
        (error: Error) => text(response, 500, error.message),
      )
    },
  }
  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? ''
    if (!Object.hasOwn(answers, path)) return false
    if (request.method === 'GET' || request.method === 'HEAD') answers[path]?.(response)
    else text(response, 405, 'only GET')
    return true
  }
}

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${body}\n`)
}
