import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { boardHandler } from '../../../../../server/src/cli/dev/board.js'
import { FaultRefused } from '../../../../../server/src/cli/dev/fault-catalogue.js'
import { type Faults, faultHandler } from '../../../../../server/src/cli/dev/faults.js'
import { SECRET, silentLog } from '../../../../tools/gateway/gateway-fixture.js'

const OFFER = { name: 'cut-link', title: 'Cut', watchFor: 'Look', lastsMs: 0 } as const
const BODY = { fault: 'cut-link', session: '0x1f', tab: 'ab12' }

let folder: string
let server: Server
let port: number
let caused: unknown[]
let failure: Error | null
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'board-'))
  for (const page of ['index.html', 'board.js', 'board.css', 'services.html', 'services.js', 'services.css'])
    writeFileSync(join(folder, page), '')
  const faults: Pick<Faults, 'offers' | 'cause'> = {
    offers: () => [OFFER],
    cause: async (...asked) => {
      if (failure) throw failure
      caused.push(asked)
    },
  }
  const board = { secret: SECRET, folder: pathToFileURL(`${folder}/`) }
  const [withFaults, without] = [
    boardHandler({ ...board, demos: { '/demo/faults': faultHandler(faults, silentLog) } }),
    boardHandler(board),
  ]
  server = createServer((request, response) =>
    (request.headers['x-board'] === 'without' ? without : withFaults)(request, response),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  caused = []
  failure = null
})

interface Sent {
  method?: string
  headers?: Record<string, string>
  body?: string
}

/** The request of the board with the changes of the test; an empty header is left out. */
async function send({ method = 'POST', headers = {}, body = JSON.stringify(BODY) }: Sent = {}) {
  const all = {
    host: `127.0.0.1:${port}`,
    origin: `http://127.0.0.1:${port}`,
    'content-type': 'application/json',
    ...headers,
  }
  const request = httpRequest({
    port,
    method,
    path: '/demo/faults',
    headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')),
  })
  request.end(method === 'POST' ? body : undefined)
  const [response] = await once(request, 'response')
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return { status: response.statusCode as number, text, headers: response.headers }
}

describe('a request of the board', () => {
  it('lists the faults', async () => {
    const { status, text, headers } = await send({ method: 'GET' })
    expect([status, JSON.parse(text)]).toEqual([200, { faults: [OFFER] }])
    expect(headers['content-type']).toBe('application/json')
  })

  it('causes a fault to the session and the tab that it names', async () => {
    expect(await send()).toMatchObject({ status: 204, text: '' })
    expect(await send({ headers: { 'content-type': 'application/json; charset=utf-8' } })).toMatchObject({
      status: 204,
    })
    const asked = ['cut-link', { session: '0x1f', tab: 'ab12' }]
    expect(caused).toEqual([asked, asked])
  })

  it('gets 409 and the reason when a fault cannot happen now', async () => {
    failure = new FaultRefused('wait for the end')
    expect(await send()).toMatchObject({ status: 409, text: 'wait for the end\n' })
  })

  it('points to the log when a fault fails, without the text of the error', async () => {
    failure = new Error('secret')
    const { status, text } = await send()
    expect([status, text]).toEqual([500, expect.stringContaining('log of zoogate dev')])
    expect(text).not.toContain('secret')
  })

  it('gets 404 from a server that offers no faults', async () => {
    expect(await send({ method: 'GET', headers: { 'x-board': 'without' } })).toMatchObject({ status: 404 })
    expect(await send({ headers: { 'x-board': 'without' } })).toMatchObject({ status: 404 })
  })
})

describe('a request that is not of the board', () => {
  it.each<[string, Sent, number, string]>([
    ['from another origin', { headers: { origin: 'http://evil.example' } }, 403, 'Only pages of this server'],
    [
      'from another port of this machine',
      { headers: { origin: 'http://127.0.0.1:1' } },
      403,
      'Only pages of this server',
    ],
    ['from a frame without an origin', { headers: { origin: 'null' } }, 403, 'Only pages of this server'],
    ['without an origin', { headers: { origin: '' } }, 403, 'Only pages of this server'],
    [
      'under a foreign name that resolves to this machine',
      { headers: { host: 'evil.example', origin: 'http://evil.example' } },
      403,
      'localhost and 127.0.0.1 only',
    ],
    ['as a form would send it', { headers: { 'content-type': 'text/plain' } }, 415, 'application/json'],
    ['without a type', { headers: { 'content-type': '' } }, 415, 'application/json'],
    ['by another method', { method: 'PUT' }, 405, 'POST'],
    ['with more than it needs', { body: JSON.stringify({ ...BODY, pad: 'x'.repeat(1024) }) }, 413, '1024'],
    ['that is no JSON', { body: '{' }, 400, 'not JSON'],
    ['that is no object', { body: '[]' }, 400, 'expected object'],
    ['for an unknown fault', { body: JSON.stringify({ ...BODY, fault: 'skip-time' }) }, 400, 'fault: '],
    [
      'for a name that every object inherits',
      { body: JSON.stringify({ ...BODY, fault: 'constructor' }) },
      400,
      'fault: ',
    ],
    ['without a session', { body: JSON.stringify({ ...BODY, session: undefined }) }, 400, 'session: '],
    ['for no session id', { body: JSON.stringify({ ...BODY, session: '31' }) }, 400, '0x and up to 16'],
    ['for no tab', { body: JSON.stringify({ ...BODY, tab: '../../../../' }) }, 400, 'tab: '],
    ['with a field too many', { body: JSON.stringify({ ...BODY, server: 1 }) }, 400, 'server'],
  ])('is refused and causes nothing: %s', async (_, sent, status, words) => {
    const answer = await send(sent)
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(words)])
    expect(caused).toEqual([])
  })
})
