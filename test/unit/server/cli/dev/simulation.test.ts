import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Refused } from '../../../../../server/src/cli/dev/posted.js'
import { SERVICES_ROOT } from '../../../../../server/src/cli/dev/simulated-process.js'
import { Simulation } from '../../../../../server/src/cli/dev/simulation.js'
import { ProbeSession } from '../../../../../server/src/cli/doctor/probe-session.js'
import { type DevEnsemble, startDevEnsemble } from '../../../../../server/src/dev-ensemble/index.js'
import { waitUntil } from '../../../../tools/wait-until.js'

const SHOP = `${SERVICES_ROOT}/checkout`

describe('the simulated services', () => {
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

  it('say that they are simulated, and stand for election once each', async () => {
    const { version: _, ...told } = await read('checkout-1')
    expect(told).toMatchObject({ simulated: true, port: 9001 })
    await waitUntil('three stand', async () => (await children(`${SHOP}/election`)).length === 3)
    const own = `0x${probe.attached.id.readBigUInt64BE().toString(16)}`
    for (const session of ensemble.sessions()) if (session !== own) ensemble.cutLinks({ session })
    const { version } = await read('checkout-1')
    // The first update comes with the new link, the second long after it has asked for its candidacy.
    await waitUntil('it has told two loads', async () => (await read('checkout-1')).version > version + 1)
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
    ['stop', 'checkout/nobody', 'Nobody plays'],
  ] as const)('refuse to %s %s', async (deed, name, reason) => {
    await expect(simulation.perform(deed, name)).rejects.toThrow(reason)
    await expect(simulation.perform(deed, name)).rejects.toThrow(Refused)
  })

  it('refuse to stop what does not run', async () => {
    await simulation.perform('kill', 'mail/mail-1')
    await expect(simulation.perform('stop', 'mail/mail-1')).rejects.toThrow('start it first')
  })
})
