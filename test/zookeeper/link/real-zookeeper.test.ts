import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type CallResult,
  EnsembleLink,
  errorCodeOf,
  ServerList,
} from '../../../server/src/zookeeper/index.js'
import { describeWith } from '../../tools/requirements.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'
import { Recorder } from '../../tools/zookeeper-link/recorder.js'

const ANYONE = [{ perms: 31, scheme: 'world', id: 'anyone' }]

/** A JVM's start on a busy machine. */
const START_MS = 60_000

describeWith('zookeeper')('a real ZooKeeper server', () => {
  let ensemble: RealEnsemble
  beforeAll(async () => {
    ensemble = await realEnsemble(1)
  }, START_MS)
  afterAll(() => ensemble?.close(), START_MS)

  async function attach(more: Partial<ConstructorParameters<typeof EnsembleLink>[0]> = {}) {
    const recorder = new Recorder()
    const { servers } = ServerList.parse(ensemble.connectString)
    const link = new EnsembleLink({
      servers: servers.cursor(),
      listener: recorder,
      sessionTimeoutMs: 4000,
      ...more,
    })
    link.attach()
    await recorder.until('attached')
    const [session] = recorder.sessions
    if (!session) throw new Error('attached without a session')
    return { link, recorder, session }
  }

  /** The value, or the name of the error. */
  function answer<T>(call: (callback: (result: CallResult<T>) => void) => void): Promise<T | string> {
    return new Promise((resolve) => {
      call((result) => resolve('value' in result ? result.value : errorCodeOf(result.err)))
    })
  }

  describe('a link to it', () => {
    it('creates, reads, changes, lists and deletes', async () => {
      const { link } = await attach()
      const created = await answer<{ path: string; stat: unknown }>((cb) =>
        link.create('/basics', Buffer.from('one'), ANYONE, 0, cb),
      )
      expect(created).toMatchObject({ path: '/basics', stat: { version: 0, dataLength: 3, owner: null } })
      expect(await answer((cb) => link.create('/basics', Buffer.alloc(0), ANYONE, 0, cb))).toBe('NODE_EXISTS')
      expect(await answer((cb) => link.create('/basics/n-', Buffer.alloc(0), ANYONE, 3, cb))).toMatchObject({
        path: '/basics/n-0000000000',
        stat: { owner: 'mine' },
      })
      expect(await answer((cb) => link.setData('/basics', Buffer.from('zwei'), 0, cb))).toMatchObject({
        stat: { version: 1, dataLength: 4 },
      })
      expect(await answer((cb) => link.setData('/basics', Buffer.from('3'), 0, cb))).toBe('BAD_VERSION')
      expect(await answer((cb) => link.getData('/basics', false, cb))).toMatchObject({
        data: Buffer.from('zwei'),
      })
      expect(await answer((cb) => link.getChildren('/basics', false, cb))).toMatchObject({
        children: ['n-0000000000'],
      })
      expect(await answer((cb) => link.delete('/basics', -1, cb))).toBe('NOT_EMPTY')
      expect(await answer((cb) => link.delete('/basics/n-0000000000', 0, cb))).toEqual({})
      expect(await answer((cb) => link.exists('/basics/n-0000000000', false, cb))).toBe('NO_NODE')
      expect(await answer((cb) => link.checkRoot(cb))).toEqual({ results: [{}] })
      link.closeSession(() => undefined)
    })

    it('resumes its session after a detach, with its nodes and missed watch events in order', async () => {
      const first = await attach()
      await answer((cb) => first.link.create('/mine', Buffer.from('a'), ANYONE, 1, cb))
      await answer((cb) => first.link.create('/others', Buffer.from('a'), ANYONE, 0, cb))
      let zxid = '0x0'
      first.link.getData('/others', true, (result) => {
        zxid = result.zxid ?? zxid
      })
      await answer((cb) => first.link.getData('/mine', true, cb))
      first.link.detach()

      const other = await attach()
      await answer((cb) => other.link.setData('/others', Buffer.from('b'), -1, cb))
      expect(await answer((cb) => other.link.exists('/mine', false, cb))).toMatchObject({
        stat: { owner: 'other' },
      })

      const second = await attach({
        session: first.session,
        lastZxid: zxid,
        watches: { data: ['/others', '/mine'], exist: [], child: [] },
      })
      expect(second.recorder.log[0]).toBe('NodeDataChanged /others')
      expect(second.recorder.log[1]).toMatch(/^attached /)
      expect(second.session.id).toEqual(first.session.id)
      expect(second.link.watchCount).toBe(1)
      expect(await answer((cb) => second.link.exists('/mine', false, cb))).toMatchObject({
        stat: { owner: 'mine' },
      })
      await new Promise((resolve) => second.link.closeSession(resolve))
      expect(await answer((cb) => other.link.exists('/mine', false, cb))).toBe('NO_NODE')
      other.link.closeSession(() => undefined)
    })

    it('learns that a session has expired, or has never existed', async () => {
      const { link, session } = await attach()
      expect(await new Promise((resolve) => link.closeSession(resolve))).toBe(true)
      const recorder = new Recorder()
      const { servers } = ServerList.parse(ensemble.connectString)
      const late = new EnsembleLink({
        servers: servers.cursor(),
        listener: recorder,
        sessionTimeoutMs: 4000,
        session,
      })
      late.attach()
      await recorder.until('expired')
    })

    it(
      'authenticates before it restores watches, and again at each attach',
      async () => {
        const auth = [{ scheme: 'digest', auth: Buffer.from('ada:secret') }]
        const { link, recorder } = await attach({ auth })
        const own = [{ perms: 31, scheme: 'auth', id: '' }]
        await answer((cb) => link.create('/private', Buffer.from('x'), own, 0, cb))
        expect(await answer((cb) => link.getData('/private', true, cb))).toMatchObject({
          data: Buffer.from('x'),
        })
        const stranger = await attach()
        expect(await answer((cb) => stranger.link.getData('/private', false, cb))).toBe('NO_AUTH')
        stranger.link.closeSession(() => undefined)

        const [server] = ensemble.servers
        await server?.kill('SIGKILL')
        await recorder.until('lost')
        await server?.start()
        recorder.onEntry = (entry) => {
          if (entry.startsWith('lost')) link.attach()
        }
        link.attach()
        await recorder.until('attached', 2)
        expect(await answer((cb) => link.getData('/private', false, cb))).toMatchObject({
          data: Buffer.from('x'),
        })
        link.closeSession(() => undefined)
      },
      START_MS,
    )

    it('leaves no session behind, at whatever point of its start it closes', async () => {
      const before = await ensemble.sessions()
      const { servers } = ServerList.parse(ensemble.connectString)
      const closings = Array.from({ length: 60 }, async (_, i) => {
        const link = new EnsembleLink({
          servers: servers.cursor(),
          listener: new Recorder(),
          sessionTimeoutMs: 10_000,
        })
        link.attach()
        // Some before TCP is up, some while the session is being created, some after.
        await delay(i / 4)
        return new Promise((resolve) => link.closeSession(resolve))
      })
      expect(await Promise.all(closings)).toEqual(Array(60).fill(true))
      const left = [...(await ensemble.sessions())].filter((id) => !before.has(id))
      expect(left).toEqual([])
    })

    it('ends as auth failed for credentials of a scheme that the server does not have', async () => {
      const recorder = new Recorder()
      const { servers } = ServerList.parse(ensemble.connectString)
      const link = new EnsembleLink({
        servers: servers.cursor(),
        listener: recorder,
        sessionTimeoutMs: 4000,
        auth: [{ scheme: 'no-such-scheme', auth: Buffer.from('x') }],
      })
      link.attach()
      await recorder.until('auth failed')
    })

    it('keeps its session alive by heartbeats alone, and loses it without them', async () => {
      const heard = await attach({ sessionTimeoutMs: 1000 })
      const unheard = await attach({ sessionTimeoutMs: 1000 })
      const beat = setInterval(() => heard.link.heartbeat(), 300)
      await unheard.recorder.until('lost closed_by_server')
      unheard.link.attach()
      await unheard.recorder.until('expired')
      expect(await answer((cb) => heard.link.exists('/', false, cb))).toMatchObject({ stat: { owner: null } })
      clearInterval(beat)
      expect(heard.recorder.log).toHaveLength(1)
      heard.link.closeSession(() => undefined)
    })
  })
})
