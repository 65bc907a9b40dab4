import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '../requirements.js'
import { waitUntil } from '../wait-until.js'
import { Kazoo } from '../zookeeper/kazoo.js'
import {
  parseEphemerals,
  parseSessions,
  type RealEnsemble,
  realEnsemble,
} from '../zookeeper/real-ensemble.js'

const DUMP = `SessionTracker dump:
Session Sets (2)/(2):
1 expire at Fri Nov 20 17:48:00 UTC 2026:
\t0x100000ec7220000
1 expire at Fri Nov 20 17:48:01 UTC 2026:
\t0x200000ec7220001
ephemeral nodes dump:
Sessions with Ephemerals (1):
0x100000ec7220000:
\t/a
\t/b c
Connections dump:
Connections Sets (1)/(1):
1 expire at Fri Nov 20 17:48:06 UTC 2026:
\tip: /127.0.0.1:50968 sessionId: 0x300000ec7220000
`

it('a dump is read into sessions and ephemeral nodes, and connections are taken for neither', () => {
  expect([...parseSessions(DUMP)]).toEqual(['0x100000ec7220000', '0x200000ec7220001'])
  expect([...parseEphemerals(DUMP)]).toEqual([
    ['/a', '0x100000ec7220000'],
    ['/b c', '0x100000ec7220000'],
  ])
})

it('an answer that is no dump is refused, instead of meaning that there are no sessions', () => {
  expect(() => parseSessions('This ZooKeeper instance is not currently serving requests')).toThrow(
    'a dump without',
  )
})

describeWith('zookeeper', 'kazoo')('a real ensemble of three', () => {
  let ensemble: RealEnsemble
  beforeAll(async () => {
    ensemble = await realEnsemble(3)
  })
  afterAll(() => ensemble?.close())

  it('elects another leader when the leader is killed, and takes it back as a follower', async () => {
    const first = await ensemble.leader()
    await ensemble.kill(first)
    await ensemble.waitForQuorum()
    const second = await ensemble.leader()
    expect(second).not.toBe(first)
    await ensemble.start(first)
    await ensemble.waitForQuorum()
    expect(await ensemble.mode(first)).toBe('follower')
  })

  it('names the server that holds a session, and sees the session end', async () => {
    const kazoo = await Kazoo.connect(ensemble.address(1))
    await kazoo.create('/held', '', { ephemeral: true })
    expect(await ensemble.holder(kazoo.sessionId)).toBe(1)
    expect(await ensemble.sessions()).toContain(kazoo.sessionId)
    expect((await ensemble.ephemerals()).get('/held')).toBe(kazoo.sessionId)
    await kazoo.close()
    await ensemble.waitForSessionEnd(kazoo.sessionId)
    expect(await ensemble.holder(kazoo.sessionId)).toBeNull()
    expect((await ensemble.ephemerals()).has('/held')).toBe(false)
  })

  it('keeps the session of a killed client until it expires', async () => {
    const kazoo = await Kazoo.connect(ensemble.address(0), { timeoutMs: 2000 })
    kazoo.kill()
    await waitUntil('the connection is gone', async () => (await ensemble.holder(kazoo.sessionId)) === null)
    expect(await ensemble.sessions()).toContain(kazoo.sessionId)
    await expect(ensemble.waitForSessionEnd(kazoo.sessionId, { timeoutMs: 100 })).rejects.toThrow(
      `gave up waiting until the ensemble holds no session ${kazoo.sessionId} after 100 ms`,
    )
    await ensemble.waitForSessionEnd()
  })

  it('answers nothing on a frozen server until it is thawed', async () => {
    const follower = ((await ensemble.leader()) + 1) % 3
    await ensemble.freeze(follower)
    await expect(ensemble.ask(follower, 'srvr', { timeoutMs: 300 })).rejects.toThrow('has not answered')
    await ensemble.waitForQuorum()
    await ensemble.thaw(follower)
    await ensemble.waitForQuorum()
    expect(await ensemble.mode(follower)).not.toBeNull()
  })
})
