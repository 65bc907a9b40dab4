import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import { token } from '../../tools/gateway/gateway-fixture.js'
import { limited, metric } from '../../tools/gateway/gateway-metrics.js'
import { endRuns, serveProcess, webSocketOf } from '../../tools/gateway/gateway-process.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { waitUntil } from '../../tools/wait-until.js'

const ROUNDS = 5
const CALLS = 400
/** Between two calls of the well-behaved page, which does not wait for replies. */
const PACE_MS = 2
/** The calls of the well-behaved page until then, and the burst of the flood. */
const CALLS_OF_A_FLOOD = (ROUNDS + 1) * CALLS + 1_900

let ensemble: DevEnsemble
let flooder: ChildProcess | undefined
beforeEach(async () => {
  ensemble = await startDevEnsemble()
})
afterEach(async () => {
  flooder?.kill('SIGKILL')
  await endRuns()
  await ensemble.close()
})

/** The 99th percentile of the time that a call takes. */
async function p99(page: RawPage): Promise<number> {
  const took: Promise<number>[] = []
  for (let at = 0; at < CALLS; at += 1) {
    const from = performance.now()
    took.push(page.call('exists', { path: '/' }).then(() => performance.now() - from))
    await delay(PACE_MS)
  }
  const sorted = (await Promise.all(took)).sort((a, b) => a - b)
  page.messages.length = 0
  return sorted[Math.floor(CALLS * 0.99)] as number
}

const calls = (http: string) => metric(http, 'zoogate_calls_total{op="exists",result="OK"}')

const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[numbers.length >> 1] as number

it('a gateway serves a page beside another that floods it, whose calls it holds back', async () => {
  const gateway = serveProcess(ensemble.connectString)
  const http = await gateway.listening()
  const url = webSocketOf(http)
  const page = await RawPage.connect(url, { token: token('grace') })
  const child = fork(fileURLToPath(new URL('../../tools/end-to-end/flood.mjs', import.meta.url)), [
    url,
    token('mallory'),
  ])
  flooder = child
  const [word] = await once(child, 'message')
  expect(word).toBe('ready')

  await p99(page)
  const calm: number[] = []
  const flooded: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) calm.push(await p99(page))
  child.send('go')
  await waitUntil('the flood has used its burst', async () => (await calls(http)) > CALLS_OF_A_FLOOD)
  for (let round = 0; round < ROUNDS; round += 1) flooded.push(await p99(page))
  // Each round has got the answers of all its calls.
  console.log(`p99 beside a flood: ${median(flooded).toFixed(2)} ms, without: ${median(calm).toFixed(2)} ms`)
  expect(await limited(http, 'maxMessagesPerSecond')).toBeGreaterThan(0)
  expect(page.closedWith).toBeNull()
})
