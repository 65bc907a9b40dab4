import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createAdminServer,
  DEFAULT_REVOCATION_MS,
  type RevokeOptions,
} from '../../../../server/src/revocation/admin.js'
import { RevocationError } from '../../../../server/src/revocation/revocation-list.js'
import { silentLog } from '../../../tools/gateway/gateway-fixture.js'

const TOKEN = 'the token of an administrator, long enough'

let server: Server
let asked: RevokeOptions[]
let logged: string[]
let fail: unknown
let url: string
beforeEach(async () => {
  asked = []
  logged = []
  fail = null
  server = createAdminServer(
    TOKEN,
    async (options) => {
      asked.push(options)
      if (fail) throw fail
      return { until: 7, ended: 2 }
    },
    { ...silentLog, error: (fields) => logged.push(JSON.stringify(fields)) },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/revoke`
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

function post(body: unknown, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) {
  return fetch(url, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) })
}

describe('POST /admin/revoke', () => {
  it('revokes for a day, and closes the sessions, by default', async () => {
    const response = await post({ subject: 'ada' })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ until: 7, ended: 2 })
    await post({ subject: 'eve', closeSessions: false, forMs: 5 })
    expect(asked).toEqual([
      { subject: 'ada', closeSessions: true, forMs: DEFAULT_REVOCATION_MS },
      { subject: 'eve', closeSessions: false, forMs: 5 },
    ])
  })

  it.each<[string, Record<string, string>]>([
    ['no token', {}],
    ['another token', { authorization: 'Bearer something else of some length' }],
    ['the token without its scheme', { authorization: TOKEN }],
    ['a part of the token', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['the token and more', { authorization: `Bearer ${TOKEN}x` }],
    ['the token as a cookie', { cookie: `token=${TOKEN}` }],
  ])('answers 401 to %s', async (_, headers) => {
    expect((await post({ subject: 'ada' }, headers)).status).toBe(401)
    expect(asked).toEqual([])
  })

  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['no subject', {}],
    ['an empty subject', { subject: '' }],
    ['a subject that no token can have', { subject: 'x'.repeat(256) }],
    ['a misspelt field', { subject: 'ada', closeSession: false }],
    ['a time in the past', { subject: 'ada', forMs: 0 }],
    ['a time longer than a year', { subject: 'ada', forMs: 366 * DEFAULT_REVOCATION_MS }],
  ])('answers 400 to %s', async (_, body) => {
    const response = await post(body)
    expect([response.status, Object.keys((await response.json()) as object)]).toEqual([400, ['error']])
    expect(asked).toEqual([])
  })

  it('answers 413 to a request of more than 4,096 bytes', async () => {
    expect((await post(`{"subject":"ada"}${' '.repeat(4_096 - 17)}`)).status).toBe(200)
    expect((await post(`{"subject":"ada"}${' '.repeat(4_097 - 17)}`)).status).toBe(413)
    expect(asked).toHaveLength(1)
  })

  it('answers 503 and what to do where the revocation is not stored', async () => {
    fail = new RevocationError('repeat the request')
    const response = await post({ subject: 'ada' })
    expect([response.status, await response.json()]).toEqual([503, { error: 'repeat the request' }])
  })

  it('answers 500 to its own fault, which only the log describes', async () => {
    fail = new Error('a bug')
    const response = await post({ subject: 'ada' })
    expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining('a bug')])
    expect(logged.join()).toContain('a bug')
    expect(logged.join()).not.toContain(TOKEN)
    fail = 'no error at all'
    expect((await post({ subject: 'ada' })).status).toBe(500)
    expect(logged.join()).toContain('no error at all')
  })

  it('is the only path and method that the server accepts', async () => {
    const headers = { authorization: `Bearer ${TOKEN}` }
    expect((await fetch(url, { headers })).status).toBe(405)
    expect((await fetch(`${url}/x`, { headers, method: 'POST' })).status).toBe(404)
    expect((await fetch(`${url}/x`, { method: 'POST' })).status).toBe(401)
  })
})
