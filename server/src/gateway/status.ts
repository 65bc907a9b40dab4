import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Registry } from 'prom-client'

/** The pause after a rendering, as a multiple of its duration: metrics take at most a tenth of the time, whatever the demand. */
const PAUSE_FACTOR = 9

/** The metrics as text. Requests that come before a rendering begins share it, so that none gets a text older than itself. */
class MetricsPage {
  readonly #registry: Registry
  #next: Promise<string> | null = null
  #notBefore = 0

  constructor(registry: Registry) {
    this.#registry = registry
  }

  text(): Promise<string> {
    this.#next ??= this.#render()
    return this.#next
  }

  async #render(): Promise<string> {
    await delay(Math.max(0, this.#notBefore - performance.now()))
    this.#next = null
    const from = performance.now()
    const text = await this.#registry.metrics()
    const to = performance.now()
    this.#notBefore = to + (to - from) * PAUSE_FACTOR
    return text
  }
}

/**
 * Answers the three status paths.
 * @param isOpen whether the gateway takes new connections. It stays ready while the ensemble is down, because its pages can
 *   wait for the ensemble here as well as on any other gateway.
 */
export function statusHandler(
  registry: Registry,
  isOpen: () => boolean,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const page = new MetricsPage(registry)
  const paths: Record<string, (response: ServerResponse) => void> = {
    '/healthz': (response) => text(response, 200, 'ok'),
    '/readyz': (response) => (isOpen() ? text(response, 200, 'ready') : text(response, 503, 'draining')),
    '/metrics': (response) => {
      page.text().then(
        (body) => response.writeHead(200, { 'content-type': registry.contentType }).end(body),
        (error: Error) => text(response, 500, error.message),
      )
    },
  }
  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? ''
    if (!Object.hasOwn(paths, path)) return false
    if (request.method === 'GET' || request.method === 'HEAD') paths[path]?.(response)
    else text(response, 405, 'use GET')
    return true
  }
}

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${body}\n`)
}
