import { once } from 'node:events'
import { type Client, CreateMode, createClient } from 'node-zookeeper-client'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from '../../../../server/src/dev-ensemble/index.js'

let ensemble: DevEnsemble
let client: Client
beforeEach(async () => {
  ensemble = await startDevEnsemble({ tickTimeMs: 100 })
  client = createClient(ensemble.connectString, { sessionTimeout: 2000, spinDelay: 10 })
  client.connect()
  await once(client, 'connected')
})
afterEach(async () => {
  client.close()
  await ensemble.close()
})

/** Turns the client's callback into a promise. */
const ask = <T>(request: (done: (error: Error | null, result: T) => void) => void) =>
  new Promise<T>((resolve, reject) => {
    request((error, result) => (error === null || error === undefined ? resolve(result) : reject(error)))
  })

const owner = () => `0x${client.getSessionId().readBigInt64BE().toString(16)}`

it('the ensemble serves node-zookeeper-client unchanged', async () => {
  const data = Buffer.from('hello')
  expect(await ask<string>((done) => client.create('/a', data, CreateMode.PERSISTENT, done))).toBe('/a')
  expect(await ask<Buffer | undefined>((done) => client.getData('/a', done))).toEqual(data)
  const path = await ask<string>((done) =>
    client.create('/a/n-', data, CreateMode.EPHEMERAL_SEQUENTIAL, done),
  )
  expect(path).toBe('/a/n-0000000000')
  const results = await ask<{ type: number; path?: string }[]>((done) => {
    client.transaction().create('/b').setData('/b', data).check('/a', -1).remove(path).commit(done)
  })
  expect(results.map(({ type }) => type)).toEqual([1, 5, 13, 2])
  await expect(ask((done) => client.remove('/missing', -1, done))).rejects.toMatchObject({ code: -101 })
})

it('the ensemble sends events to its watchers', async () => {
  const event = new Promise<string>((resolve, reject) => {
    const watcher = (event: { getType(): number; getPath(): string }) =>
      resolve(`${event.getType()} ${event.getPath()}`)
    client.getChildren('/', watcher, (error) => error && reject(error))
  })
  await ask((done) => client.create('/a', Buffer.alloc(0), CreateMode.PERSISTENT, done))
  expect(await event).toBe('4 /')
})

it('the client moves to another server when its own stops, with its session and its nodes', async () => {
  await ask((done) => client.create('/e', Buffer.alloc(0), CreateMode.EPHEMERAL, done))
  const before = owner()
  const down = once(client, 'disconnected')
  // It went to one of three: stopping all but the leader stops two, so one after the other.
  for (const index of [0, 1]) {
    await ensemble.stopServer(index)
    await ensemble.startServer(index)
  }
  ensemble.cutLinks({ server: 2 })
  await down
  expect(await ask((done) => client.exists('/e', () => undefined, done))).not.toBeNull()
  expect(owner()).toBe(before)
  expect(ensemble.sessions()).toEqual([before])
})

it('the client learns that its session has expired', async () => {
  const expired = once(client, 'expired')
  expect(ensemble.expireSession(owner())).toBe(true)
  await expired
  expect(ensemble.sessions()).toEqual([])
})
