import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { startTestZoogate, type TestZoogate } from 'zoogate/testing'
import { type Client, createClient } from 'zoogate-client'
import { waitUntil } from '../../tools/wait-until.js'

const text = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

describe('the example for tests of pages', () => {
  it('stands in the README exactly as it runs here', () => {
    expect(text('../../../README.md')).toContain(text('testing-kit-example.test.ts'))
  })
})

describe('a test gateway with its ensemble', () => {
  let zoogate: TestZoogate
  let zk: Client
  let states: string[]
  beforeEach(async () => {
    zoogate = await startTestZoogate()
    zk = createClient({ url: zoogate.url, getToken: () => zoogate.token('ada'), WebSocket })
    await zk.connect()
    await zk.create('/mine', '', { mode: 'ephemeral' })
    states = []
    zk.on('state', ({ state }) => states.push(state))
  })
  afterEach(async () => {
    await zk.close()
    await zoogate.close()
  })
  const resumed = () => waitUntil('the session is resumed', () => states.join() === 'CONNECTING,CONNECTED')
  const stillMine = async () => expect((await zk.exists('/mine'))?.owner).toBe('mine')

  it('breaks the WebSockets of pages, which resume', async () => {
    zoogate.cutPages()
    await resumed()
    await stillMine()
  })

  it('ends the gateway and starts another in its place, where pages resume', async () => {
    await zoogate.stopGateway()
    await waitUntil('the page has noticed', () => zk.state === 'CONNECTING')
    await zoogate.startGateway()
    await resumed()
    await stillMine()
  })

  it('stops the servers of the ensemble and starts them again', async () => {
    for (const index of [0, 1, 2]) await zoogate.ensemble.stopServer(index)
    await waitUntil('the page has noticed', () => zk.state === 'CONNECTING')
    for (const index of [0, 1, 2]) await zoogate.ensemble.startServer(index)
    await resumed()
    await stillMine()
  })

  it('signs tokens with claims', async () => {
    await zk.create('/tenant')
    const tenant = createClient({
      url: zoogate.url,
      getToken: () => zoogate.token('grace', { zk: { chroot: '/tenant' } }),
      WebSocket,
    })
    await tenant.connect()
    expect((await tenant.getChildren('/')).children).toEqual([])
    await tenant.close()
  })
})
