import { afterEach, beforeEach, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import { token } from '../../tools/gateway/gateway-fixture.js'
import { limited, metric } from '../../tools/gateway/gateway-metrics.js'
import {
  CROWD_FROM_ONE_ADDRESS,
  endRuns,
  serveProcess,
  webSocketOf,
} from '../../tools/gateway/gateway-process.js'
import { InspectedHeap } from '../../tools/gateway/inspected-heap.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { RawSocket } from '../../tools/gateway/raw-socket.js'
import { waitUntil } from '../../tools/wait-until.js'

const CROWD = 10_000
/** Sockets that connect at a time: below the listen backlog of 511. */
const AT_ONCE = 250
const mib = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MiB`

let ensemble: DevEnsemble
const crowd: RawSocket[] = []
beforeEach(async () => {
  ensemble = await startDevEnsemble()
})
afterEach(async () => {
  for (const socket of crowd.splice(0)) socket.cut()
  await endRuns()
  await ensemble.close()
})

/** Opens sockets from that number of addresses, which upgrade and then say nothing. @returns how often each status came */
async function gather(url: string, addresses: number): Promise<Map<number, number>> {
  const statuses = new Map<number, number>()
  for (let from = 0; from < CROWD; from += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, at) => {
        const socket = await RawSocket.connect(url, `127.0.1.${1 + ((from + at) % addresses)}`)
        crowd.push(socket)
        const status = await socket.upgrade()
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }),
    )
  }
  return statuses
}

it(`a gateway lets a page in and serves it beside ${CROWD} silent sockets from a hundred addresses`, async () => {
  const gateway = serveProcess(ensemble.connectString)
  const http = await gateway.listening()
  const url = webSocketOf(http)
  const before = await RawPage.connect(url, { token: token('early') })
  const gathering = gather(url, 100)
  await waitUntil('all slots are taken', async () => (await limited(http, 'maxUnauthenticated')) > 0, {
    timeoutMs: 30_000,
  })
  const page = await RawPage.connect(url, { token: token('late') })
  expect(await page.call('create', { path: '/late', mode: 'ephemeral' })).toMatchObject({ type: 'reply' })
  await gathering
  expect(await metric(http, 'zoogate_unauthenticated')).toBeLessThanOrEqual(2_000)
  expect(await before.call('exists', { path: '/late' })).toMatchObject({
    result: { stat: { owner: 'other' } },
  })
  expect([before.closedWith, page.closedWith]).toEqual([null, null])
})

it(`a gateway that holds ${CROWD} silent sockets frees their memory when they leave`, async () => {
  const gateway = serveProcess(
    ensemble.connectString,
    { ...CROWD_FROM_ONE_ADDRESS, NODE_OPTIONS: '--inspect=127.0.0.1:0' },
    { helloTimeoutMs: 120_000 },
  )
  const http = await gateway.listening()
  const url = webSocketOf(http)
  const warm = await RawPage.connect(url, { token: token('warm') })
  const heap = await InspectedHeap.of(gateway.stderr)
  const [bare, bareResident] = [await heap.usedAfterCollection(), gateway.residentBytes()]
  const statuses = await gather(url, 20)
  expect(Object.fromEntries(statuses)).toEqual({ 101: CROWD })
  const resident = gateway.residentBytes() - bareResident
  const held = (await heap.usedAfterCollection()) - bare
  const page = await RawPage.connect(url, { token: token('late') })
  expect(await page.call('exists', { path: '/' })).toMatchObject({ type: 'reply' })
  expect(await warm.call('exists', { path: '/' })).toMatchObject({ type: 'reply' })

  for (const socket of crowd.splice(0)) socket.cut()
  await waitUntil('they are gone', async () => (await metric(http, 'zoogate_connections')) === 2, {
    timeoutMs: 30_000,
  })
  const kept = (await heap.usedAfterCollection()) - bare
  heap.close()
  console.log(
    `${CROWD} sockets: ${mib(resident)}, of which the heap has ${mib(held)}; ${mib(kept)} of it after they left`,
  )
  // The rest is code that the compiler has made, and lists that have grown.
  expect(kept).toBeLessThan(held / 4)
  expect(resident / CROWD).toBeLessThan(32 * 1024)
})
