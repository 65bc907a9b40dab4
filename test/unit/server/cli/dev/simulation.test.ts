import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Refused } from '../../../../../server/src/cli/dev/requests.js'
import { SERVICES_ROOT } from '../../../../../server/src/cli/dev/simulated-process.js'
import { Simulation, simulationHandler } from '../../../../../server/src/cli/dev/simulation.js'
import { ProbeSession } from '../../../../../server/src/cli/doctor/probe-session.js'
import { type DevEnsemble, startDevEnsemble } from '../../../../../server/src/dev-ensemble/index.js'
import { silentLog } from '../../../../tools/gateway/gateway-fixture.js'
import { waitUntil } from '../../../../tools/wait-until.js'

const SHOP = `${SERVICES_ROOT}/checkout`

describe('simulated backends', () => {
  let ensemble: DevEnsemble
  let simulation: Simulation
  let probe: ProbeSession
  beforeEach(async () => {
    ensemble = await startDevEnsemble({ servers: 1, tickTimeMs: 100 })
    probe = await ProbeSession.open(ensemble.connectString)
    simulation = new Simulation(ensemble.connectString)
    await waitForInstances(['checkout-1', 'checkout-2', 'checkout-3'])
  })
  afterEach(async () => {
    simulation.close()
    probe.detach()
    await ensemble.close()
  })

  const children = async (path: string): Promise<string[]> => {
    const result = await probe.ask<{ children: string[] }>((done) =>
      probe.link.getChildren(path, false, done),
    )
    return 'value' in result ? result.value.children.sort() : []
  }
  const instances = async () => (await children(SHOP)).filter((name) => name !== 'election')
  const waitForInstances = (names: string[]) =>
    waitUntil(`checkout has ${names}`, async () => `${await instances()}` === `${names}`)
  const read = async (name: string) => {
    const result = await probe.ask<{ data: Buffer; stat: { version: number } }>((done) =>
      probe.link.getData(`${SHOP}/${name}`, false, done),
    )
    if (!('value' in result)) throw new Error(`${name} cannot be read: ${result.err}`)
    return { ...(JSON.parse(result.value.data.toString()) as object), version: result.value.stat.version }
  }

  it('say that they are simulated, and run for leader once each', async () => {
    const { version: _, ...told } = await read('checkout-1')
    expect(told).toMatchObject({ simulated: true, port: 9001 })
    await waitUntil('three run for leader', async () => (await children(`${SHOP}/election`)).length === 3)
    const own = `0x${probe.attached.id.readBigUInt64BE().toString(16)}`
    for (const session of ensemble.sessions()) if (session !== own) ensemble.cutLinks({ session })
    const { version } = await read('checkout-1')
    // The first update comes with the new link, the second long after the backend has run for leader again.
    await waitUntil(
      'it has published two loads',
      async () => (await read('checkout-1')).version > version + 1,
    )
    expect(await children(`${SHOP}/election`)).toHaveLength(3)
  })

  it('leave at once when stopped, and come again when started', async () => {
    await simulation.perform('stop', 'checkout/checkout-2')
    expect(await instances()).toEqual(['checkout-1', 'checkout-3'])
    expect(simulation.instances()).toContainEqual({ name: 'checkout/checkout-2', running: false })
    await simulation.perform('start', 'checkout/checkout-2')
    await waitForInstances(['checkout-1', 'checkout-2', 'checkout-3'])
  })

  it('leave with their session when killed', async () => {
    await simulation.perform('kill', 'checkout/checkout-2')
    expect(await instances()).toEqual(['checkout-1', 'checkout-2', 'checkout-3'])
    await waitForInstances(['checkout-1', 'checkout-3'])
  })

  it('come again with another session when theirs has expired', async () => {
    const before = ensemble.sessions()
    for (const id of before) ensemble.expireSession(id)
    probe = await ProbeSession.open(ensemble.connectString)
    await waitForInstances(['checkout-1', 'checkout-2', 'checkout-3'])
    expect(ensemble.sessions().filter((id) => before.includes(id))).toEqual([])
  })

  it.each([
    ['start', 'checkout/checkout-1', 'is running already'],
    ['stop', 'checkout/checkout-9', 'There is no simulated'],
  ] as const)('refuse to %s: %s', async (deed, name, reason) => {
    await expect(simulation.perform(deed, name)).rejects.toThrow(reason)
    await expect(simulation.perform(deed, name)).rejects.toThrow(Refused)
  })

  it('cannot be stopped when they do not run', async () => {
    await simulation.perform('kill', 'mail/mail-1')
    await expect(simulation.perform('stop', 'mail/mail-1')).rejects.toThrow('start it first')
  })
})

const INSTANCES = [{ name: 'shop/a', running: true }]

describe('a request of the service board', () => {
  let server: Server
  let url: string
  let performed: string[]
  beforeEach(async () => {
    performed = []
    const simulation: Pick<Simulation, 'instances' | 'perform'> = {
      instances: () => INSTANCES,
      perform: async (deed, name) => {
        if (name !== 'shop/a') throw new Refused(`There is no simulated ${name}.`)
        performed.push(`${deed} ${name}`)
      },
    }
    const [simulated, real] = [simulation, null].map((each) => simulationHandler('zk:2181', each, silentLog))
    server = createServer((request, response) =>
      (request.url === '/real' ? real : simulated)?.(request, response),
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

  it('lists the simulated backends, and the address of the ensemble for your own', async () => {
    const answer = await fetch(url)
    expect(await answer.json()).toEqual({ zookeeper: 'zk:2181', instances: INSTANCES })
  })

  it('lists none on a real ensemble, and can start none there', async () => {
    expect(await (await fetch(`${url}/real`)).json()).toEqual({ zookeeper: 'zk:2181', instances: [] })
    expect(await post({ deed: 'stop', instance: 'shop/a' }, '/real')).toEqual([
      405,
      'GET lists the simulated backends.\n',
    ])
  })

  it('stops, starts and kills a backend', async () => {
    expect(await post({ deed: 'kill', instance: 'shop/a' })).toEqual([204, ''])
    expect(performed).toEqual(['kill shop/a'])
  })

  it.each([
    [{ deed: 'stop', instance: 'shop/b' }, 409, 'There is no simulated shop/b.'],
    [{ deed: 'crash', instance: 'shop/a' }, 400, 'deed: '],
    [{ deed: 'stop' }, 400, 'instance: '],
    [{ deed: 'stop', instance: 'x'.repeat(101) }, 400, 'instance: '],
  ])('is refused with its reason: %j gets %d', async (body, status, words) => {
    expect(await post(body)).toEqual([status, expect.stringContaining(words)])
    expect(performed).toEqual([])
  })
})
