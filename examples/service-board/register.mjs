// Registers one process of a service through a zoogate gateway, keeps its load up to date and stands for election. Such a
// backend needs no connection to ZooKeeper of its own.
//
//   node register.mjs SERVICE [--name NAME] [--port PORT] [--gateway URL] [--token-url URL]

import { availableParallelism, hostname, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import WebSocket from 'ws'
import { createClient } from 'zoogate-client'
import { createElection } from 'zoogate-client/recipes'

const UPDATE_MS = 1_000

const { values: asked, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string', default: `${hostname()}-${process.pid}` },
    port: { type: 'string', default: '8000' },
    gateway: { type: 'string', default: 'ws://127.0.0.1:8080/zoogate' },
    'token-url': { type: 'string' },
  },
})
const [service] = positionals
if (service === undefined) throw new Error('Name the service, as in: node register.mjs checkout')
const tokenUrl = asked['token-url'] ?? new URL('/demo/token', asked.gateway.replace(/^ws/, 'http'))
const path = `/services/${service}/${asked.name}`
const started = Date.now()

const zk = createClient({
  url: asked.gateway,
  getToken: async ({ signal }) => (await (await fetch(tokenUrl, { signal })).json()).token,
  WebSocket,
})
const election = createElection(zk, `/services/${service}/election`, { data: asked.name })

const about = () => ({
  host: hostname(),
  port: Number(asked.port),
  version: '1.0.0',
  started,
  load: Math.min(1, loadavg()[0] / availableParallelism()),
})

/** Updates the node, and creates it where there is none: at first, and after the session has expired. */
async function register() {
  try {
    await zk.setData(path, about())
  } catch (error) {
    if (error.code !== 'NO_NODE') throw error
    await zk.create(path, about(), { mode: 'ephemeral' })
  }
}

/** Creates the missing nodes of a path; existing nodes stay unchanged. */
async function createFolders(...folders) {
  for (const folder of folders) {
    await zk.create(folder).catch((error) => {
      if (error.code !== 'NODE_EXISTS') throw error
    })
  }
}

await zk.connect()
await createFolders('/services', `/services/${service}`)
let leads = false
election.subscribe(() => {
  const { isLeader } = election.getSnapshot()
  if (isLeader && !leads) console.log(`${asked.name} leads ${service}`)
  leads = isLeader
})
election.campaign()

// A failed round is repaired by the next round, for as long as the client has a session or renews it.
const rounds = setInterval(() => {
  if (zk.state === 'CONNECTED') register().catch((error) => console.error(String(error)))
}, UPDATE_MS)
zk.on('state', ({ state, reason }) => {
  if (state !== 'CLOSED' || reason === 'expired') return
  clearInterval(rounds)
  if (reason !== 'closed')
    throw new Error(`The session of ${asked.name} is closed: ${reason}. Start this program again.`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void zk.close())
}
