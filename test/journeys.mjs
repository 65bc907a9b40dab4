// Which files and functions of the gateway run for one call of a page with its reply, and for one page from its
// WebSocket request until its session is attached:
//
//     npm run build && node test/journeys.mjs [--json] [--functions]
//
// V8 counts every call of a function of server/dist, anonymous ones included, while one page does one thing. The step is taken
// five times, and a function counts when it runs each time: a timer of the gateway that fires meanwhile is no part of the way.
// The ensemble runs in memory in a thread of its own, where V8 does not count: it shares the codec with the gateway.
// ARCHITECTURE.md's journeys are kept true with it.
import { once } from 'node:events'
import { Session } from 'node:inspector/promises'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import jwt from 'jsonwebtoken'
import { WebSocket } from 'ws'

const DIST = new URL('../server/dist/', import.meta.url)
const TIMES = 5
const SECRET = 'a secret of the journeys, long enough to warn of nothing'
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** A page that speaks the wire protocol by hand: the SDK would be no part of the gateway's count. */
async function openPage(url) {
  const socket = new WebSocket(url, 'zoogate.v1')
  const waiting = []
  socket.on('message', (data) => {
    for (const message of [JSON.parse(String(data))].flat()) waiting.shift()?.(message)
  })
  await once(socket, 'open')
  return {
    /** Sends one message and waits for one. */
    ask(message) {
      const answer = new Promise((resolve) => waiting.push(resolve))
      socket.send(JSON.stringify(message))
      return answer
    },
    close: () => socket.terminate(),
  }
}

const hello = { type: 'hello', token: jwt.sign({ sub: 'ada' }, SECRET), timeoutMs: 30_000 }
const setData = (id) => ({ type: 'call', id, op: 'setData', path: '/journey', data: 'here' })

/** @returns for each file of the gateway, the functions that ran while `step` did, in each of its runs */
async function steady(inspector, step) {
  const runs = []
  for (let run = 0; run < TIMES; run += 1) runs.push(await covered(inspector, step))
  const [first, ...others] = runs
  const files = {}
  for (const [file, functions] of Object.entries(first)) {
    const always = functions.filter(({ at }) =>
      others.every((run) => run[file]?.some((one) => one.at === at)),
    )
    if (always.length > 0) files[file] = always.map(({ name }) => name)
  }
  return files
}

/** @returns for each file of the gateway, the functions that ran while `step` did once */
async function covered(inspector, step) {
  await inspector.post('Profiler.takePreciseCoverage')
  await step()
  const { result } = await inspector.post('Profiler.takePreciseCoverage')
  const files = {}
  for (const { url, functions } of result) {
    if (!url.startsWith(DIST.href)) continue
    const ran = functions.filter(({ ranges }) => ranges[0].count > 0)
    const file = url.slice(DIST.href.length).replace(/\.js$/, '.ts')
    files[file] = ran.map(({ functionName: name, ranges }) => ({
      name: name || '(anonymous)',
      at: `${name} ${ranges[0].startOffset}`,
    }))
  }
  return files
}

async function journeys() {
  const { createGateway } = await import(new URL('index.js', DIST))
  const ensemble = new Worker(new URL(import.meta.url))
  const [connectString] = await once(ensemble, 'message')
  const gateway = createGateway({
    zookeeper: connectString,
    jwt: { secret: SECRET },
    access: 'open',
    nodeAcl: 'open',
    log: quiet,
  })
  const { url } = await gateway.listen({ port: 0 })
  const inspector = new Session()
  inspector.connect()
  await inspector.post('Profiler.enable')
  await inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  // What runs only the first time, such as the first dial, is no part of the way that all later pages take.
  const first = await openPage(url)
  await first.ask(hello)
  await first.ask({ type: 'call', id: 1, op: 'create', path: '/journey' })
  await first.ask(setData(2))
  const found = {
    setData: await steady(inspector, () => first.ask(setData(3))),
    hello: await steady(inspector, async () => (await openPage(url)).ask(hello)),
  }
  inspector.disconnect()
  await gateway.close()
  await ensemble.terminate()
  return found
}

async function ensembleThread() {
  const { startDevEnsemble } = await import(new URL('dev-ensemble/index.js', DIST))
  const { connectString } = await startDevEnsemble()
  parentPort.postMessage(connectString)
}

async function report() {
  const { values } = parseArgs({
    options: { json: { type: 'boolean', default: false }, functions: { type: 'boolean', default: false } },
  })
  const found = await journeys()
  if (values.json) console.log(JSON.stringify(found, null, 2))
  else {
    for (const [name, files] of Object.entries(found)) {
      const count = Object.values(files).flat().length
      console.log(`${name}: ${Object.keys(files).length} files, ${count} functions`)
      for (const [file, functions] of Object.entries(files)) {
        console.log(`  ${file}: ${values.functions ? functions.join(', ') : functions.length}`)
      }
    }
  }
  // V8's inspector keeps nothing alive, but sockets that a peer has not closed yet would.
  process.exit(0)
}

if (isMainThread) await report()
else await ensembleThread()
