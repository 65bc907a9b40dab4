import { afterEach, beforeEach, expect, it } from 'vitest'
import WebSocket from 'ws'
import { startTestZoogate, type TestZoogate } from 'zoogate/testing'
import { createClient } from 'zoogate-client'

let zoogate: TestZoogate
beforeEach(async () => {
  zoogate = await startTestZoogate()
})
afterEach(() => zoogate.close())

it('a page opens a new session when the old one has expired, and its node is gone', async () => {
  const zk = createClient({ url: zoogate.url, getToken: () => zoogate.token('ada'), WebSocket })
  const { id } = await zk.connect()
  await zk.create('/ada', 'here', { mode: 'ephemeral' })

  const renewed = new Promise((resolve) => zk.on('session', resolve))
  zoogate.ensemble.expireSession(id)
  await renewed

  expect(zk.session?.id).not.toBe(id)
  expect(await zk.exists('/ada')).toBeNull()
  await zk.close()
})
