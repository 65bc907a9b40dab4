import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'
import { ANYONE, answer, attachedToReal, linkToReal } from '../../tools/zookeeper-link/real-link.js'
import type { Rig } from '../../tools/zookeeper-link/recorder.js'

const START_MS = 60_000
const NO_DATA = Buffer.alloc(0)

describeWith('zookeeper')('a real ZooKeeper server with maxClientCnxns=5', () => {
  let ensemble: RealEnsemble
  beforeAll(async () => {
    ensemble = await realEnsemble(1, { extraConfig: { maxClientCnxns: 5 } })
  }, START_MS)
  afterAll(() => ensemble?.close(), START_MS)

  it('hangs up on links beyond the limit, and the loss names the setting to change', async () => {
    const rigs: Rig[] = []
    const refused = () => rigs.find(({ recorder }) => recorder.losses.length > 0)
    while (refused() === undefined && rigs.length < 20) {
      const rig = linkToReal(ensemble.connectString)
      rigs.push(rig)
      rig.link.attach()
      await waitUntil('it is decided', () => rig.recorder.log.length > 0)
    }
    expect(refused()?.recorder.losses[0]).toMatchObject({
      cause: 'refused_at_handshake',
      message: expect.stringContaining('maxClientCnxns'),
    })
    expect(rigs.length).toBeLessThan(9)
    for (const { link } of rigs) link.closeSession(() => undefined)
  })
})

describeWith('zookeeper')('a real ZooKeeper server without quorum, in read-only mode', () => {
  let ensemble: RealEnsemble
  let one: string
  const start = async (localSessionsEnabled: boolean) => {
    // The switch is a property of the Java process; no line of a configuration sets it.
    vi.stubEnv('JAVA_TOOL_OPTIONS', '-Dreadonlymode.enabled=true')
    ensemble = await realEnsemble(3, { extraConfig: { localSessionsEnabled: `${localSessionsEnabled}` } })
    one = ensemble.address(0)
  }
  afterEach(async () => {
    await ensemble?.close()
    vi.unstubAllEnvs()
  }, START_MS)

  const loseQuorum = async () => {
    await Promise.all([ensemble.kill(1), ensemble.kill(2)])
    const isReadOnly = async () => (await ensemble.ask(0, 'isro').catch(() => '')) === 'ro'
    await waitUntil('the last one is read-only', isReadOnly)
  }
  const regainQuorum = async () => {
    await Promise.all([ensemble.start(1), ensemble.start(2)])
    await ensemble.waitForQuorum()
  }
  /** Attaches again until the recorder has this entry. */
  const attachUntil = async ({ link, recorder }: Rig, entry: string) => {
    const recorded = () => recorder.log.some((one, index) => index > 0 && one.startsWith(entry))
    await waitUntil(`the recorder has "${entry}"`, () => {
      if (link.linkState === 'idle') link.attach()
      return recorded()
    })
  }

  it(
    'refuses a session without ending it, and the session resumes with its nodes when the quorum is back',
    async () => {
      await start(false)
      const rig = await attachedToReal(one, { readOnly: true, sessionTimeoutMs: 10_000 })
      await answer((cb) => rig.link.create('/mine', NO_DATA, ANYONE, 1, cb))
      await loseQuorum()
      await rig.recorder.until('lost closed_by_server')
      await attachUntil(rig, 'lost refused_at_handshake')
      const fresh = linkToReal(one, { readOnly: true })
      fresh.link.attach()
      await fresh.recorder.until('lost refused_at_handshake')
      await regainQuorum()
      await attachUntil(rig, 'attached')
      expect(await answer((cb) => rig.link.exists('/mine', false, cb))).toMatchObject({
        stat: { owner: 'mine' },
      })
      expect(rig.recorder.sessions.map(({ readOnly }) => readOnly)).toEqual([false, false])
      rig.link.detach()
    },
    START_MS,
  )

  it(
    'opens local sessions that only read, and the ensemble does not know them when its quorum is back',
    async () => {
      await start(true)
      const before = await attachedToReal(one, { readOnly: true })
      await loseQuorum()
      const refused = linkToReal(one)
      refused.link.attach()
      await refused.recorder.until('lost refused_at_handshake')
      const rig = await attachedToReal(one, { readOnly: true, sessionTimeoutMs: 10_000 })
      expect(rig.recorder.sessions[0]?.readOnly).toBe(true)
      expect(await answer((cb) => rig.link.exists('/', true, cb))).toMatchObject({ stat: { owner: null } })
      expect(await answer((cb) => rig.link.create('/x', NO_DATA, ANYONE, 0, cb))).toBe('NOT_READ_ONLY')
      await before.recorder.until('lost')
      await attachUntil(before, 'lost refused_at_handshake')
      rig.link.leaveServer()
      await attachUntil(rig, 'attached')
      expect(rig.recorder.sessions[1]?.id).toEqual(rig.recorder.sessions[0]?.id)
      await regainQuorum()
      await rig.recorder.until('lost closed_by_server')
      await attachUntil(rig, 'expired')
    },
    START_MS,
  )
})
