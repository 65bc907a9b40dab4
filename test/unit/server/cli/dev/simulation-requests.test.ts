import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Refused } from '../../../../../server/src/cli/dev/posted.js'
import type { Simulation } from '../../../../../server/src/cli/dev/simulation.js'
import { simulationHandler } from '../../../../../server/src/cli/dev/simulation-requests.js'
import { silentLog } from '../../../../tools/gateway/gateway-fixture.js'

const INSTANCES = [{ name: 'shop/a', running: true }]

let server: Server
let url: string
let performed: string[]
beforeEach(async () => {
  performed = []
  const simulation: Pick<Simulation, 'instances' | 'perform'> = {
    instances: () => INSTANCES,
    perform: async (deed, name) => {
      if (name !== 'shop/a') throw new Refused(`Nobody plays ${name}.`)
      performed.push(`${deed} ${name}`)
    },
  }
  const [playing, real] = [simulation, null].map((each) => simulationHandler('zk:2181', each, silentLog))
  server = createServer((request, response) =>
    (request.url === '/real' ? real : playing)?.(request, response),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const post = async (body: object, path = '/') => {
  const headers = { origin: url, 'content-type': 'application/json' }
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return [answer.status, await answer.text()]
}

describe('the simulation', () => {
  it('lists what is played, and where backends of one’s own find the ensemble', async () => {
    const answer = await fetch(url)
    expect(await answer.json()).toEqual({ zookeeper: 'zk:2181', instances: INSTANCES })
  })

  it('plays nothing on a real ensemble, and can be told nothing there', async () => {
    expect(await (await fetch(`${url}/real`)).json()).toEqual({ zookeeper: 'zk:2181', instances: [] })
    expect(await post({ deed: 'stop', instance: 'shop/a' }, '/real')).toEqual([405, 'GET lists them.\n'])
  })

  it('does what is asked', async () => {
    expect(await post({ deed: 'kill', instance: 'shop/a' })).toEqual([204, ''])
    expect(performed).toEqual(['kill shop/a'])
  })

  it.each([
    [{ deed: 'stop', instance: 'shop/b' }, 409, 'Nobody plays shop/b.'],
    [{ deed: 'crash', instance: 'shop/a' }, 400, 'deed: '],
    [{ deed: 'stop' }, 400, 'instance: '],
    [{ deed: 'stop', instance: 'x'.repeat(101) }, 400, 'instance: '],
  ])('refuses %j with %d', async (body, status, words) => {
    expect(await post(body)).toEqual([status, expect.stringContaining(words)])
    expect(performed).toEqual([])
  })
})
