import { describe, expect, it } from 'vitest'
import { causeFault, type Fault, offeredFaults } from '../../../../examples/presence-board/src/faults.js'

const FAULT: Fault = { name: 'cut-link', title: 'Cut the link', watchFor: 'Look', lastsMs: 0 }

/** Stands in for fetch, with always the same response. `requests` holds the requests. */
function answering(status: number, body: string | null, type = 'application/json') {
  const requests: { url: string; init: RequestInit | undefined }[] = []
  const fetch = async (url: string | URL | Request, init?: RequestInit) => {
    requests.push({ url: String(url), init })
    return new Response(body, { status, headers: { 'content-type': type } })
  }
  return { requests, fetch }
}

describe('the list of faults', () => {
  it('comes from the server', async () => {
    const { fetch, requests } = answering(200, JSON.stringify({ faults: [FAULT] }))
    expect(await offeredFaults(fetch)).toEqual([FAULT])
    expect(requests.map(({ url }) => url)).toEqual(['/demo/faults'])
  })

  it('is empty on a real ensemble', async () => {
    expect(await offeredFaults(answering(404, 'Not found.').fetch)).toEqual([])
  })

  it('is empty where a site responds to every address with its page', async () => {
    expect(await offeredFaults(answering(200, '<!doctype html>', 'text/html').fetch)).toEqual([])
  })
})

describe('a request for a fault', () => {
  it('names the fault, the session and the tab', async () => {
    const { fetch, requests } = answering(204, null)
    await causeFault(FAULT, { session: '0x1', tab: 'ab' }, fetch)
    expect(requests[0]).toMatchObject({
      url: '/demo/faults',
      init: { method: 'POST', headers: { 'content-type': 'application/json' } },
    })
    expect(JSON.parse(String(requests[0]?.init?.body))).toEqual({
      fault: 'cut-link',
      session: '0x1',
      tab: 'ab',
    })
  })

  it('fails with the reason that the server gives', async () => {
    const { fetch } = answering(409, 'wait for the end\n', 'text/plain')
    await expect(causeFault(FAULT, { session: '0x1', tab: 'ab' }, fetch)).rejects.toThrow(
      '“Cut the link” was refused: wait for the end',
    )
  })
})
