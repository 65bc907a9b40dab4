import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { WatchLists } from 'zoogate-client/protocol'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { startTcpProxy, type TcpProxy } from '../../tools/tcp-proxy.js'
import { waitUntil } from '../../tools/wait-until.js'
import { Kazoo } from '../../tools/zookeeper/kazoo.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

// What ZooKeeper's own client promises of watches over a reconnect, through both hops: a change that falls into
// the gap fires a one-shot watch; a lasting watch is set again, and says nothing of the gap.

interface Case {
  title: string
  /** Sets the watch on `${at}`, or on a node below it. */
  set(page: RawPage, at: string): Promise<unknown>
  /** The lists that the page brings back. */
  held(at: string): Partial<WatchLists>
  /** Falls into the gap. `full` is the path as kazoo knows it. */
  change(kazoo: Kazoo, full: string): Promise<unknown>
  /** What the page is told before it is CONNECTED again. */
  told: string[]
  /** Whether the watch is still there afterwards. */
  lasts: boolean
}

const CASES: Case[] = [
  {
    title: 'exists on a missing node, created',
    set: (page, at) => page.call('exists', { path: `${at}/new`, watch: true }),
    held: (at) => ({ exist: [`${at}/new`] }),
    change: (kazoo, full) => kazoo.create(`${full}/new`),
    told: ['NodeCreated /new'],
    lasts: false,
  },
  {
    title: 'exists on a node, changed',
    set: (page, at) => page.call('exists', { path: at, watch: true }),
    held: (at) => ({ data: [at] }),
    change: (kazoo, full) => kazoo.set(full, 'changed'),
    told: ['NodeDataChanged '],
    lasts: false,
  },
  {
    title: 'data, changed',
    set: (page, at) => page.call('getData', { path: at, watch: true }),
    held: (at) => ({ data: [at] }),
    change: (kazoo, full) => kazoo.set(full, 'changed'),
    told: ['NodeDataChanged '],
    lasts: false,
  },
  {
    title: 'data, deleted',
    set: (page, at) => page.call('getData', { path: `${at}/child`, watch: true }),
    held: (at) => ({ data: [`${at}/child`] }),
    change: (kazoo, full) => kazoo.delete(`${full}/child`),
    told: ['NodeDeleted /child'],
    lasts: false,
  },
  {
    title: 'children, one more',
    set: (page, at) => page.call('getChildren', { path: at, watch: true }),
    held: (at) => ({ child: [at] }),
    change: (kazoo, full) => kazoo.create(`${full}/more`),
    told: ['NodeChildrenChanged '],
    lasts: false,
  },
  {
    title: 'data, not changed',
    set: (page, at) => page.call('getData', { path: at, watch: true }),
    held: (at) => ({ data: [at] }),
    change: async () => undefined,
    told: [],
    lasts: true,
  },
  {
    title: 'persistent, changed',
    set: (page, at) => page.call('addWatch', { path: at }),
    held: (at) => ({ persistent: [at] }),
    change: (kazoo, full) => kazoo.set(full, 'changed'),
    told: [],
    lasts: true,
  },
  {
    title: 'recursive, changed',
    set: (page, at) => page.call('addWatch', { path: at, recursive: true }),
    held: (at) => ({ recursive: [at] }),
    change: (kazoo, full) => kazoo.set(full, 'changed'),
    told: [],
    lasts: true,
  },
]

describeWith('zookeeper', 'kazoo')('watches over a gap', () => {
  let ensemble: RealEnsemble
  let kazoo: Kazoo
  let link: TcpProxy
  let nodes = 0
  beforeAll(async () => {
    ensemble = await realEnsemble(1)
    kazoo = await Kazoo.connect(ensemble.connectString)
    link = await startTcpProxy(ensemble.servers[0]?.port as number)
    await kazoo.ensurePath('/tenant')
  })
  afterEach(closeGateways)
  afterAll(async () => {
    await link?.close()
    await kazoo?.close()
    await ensemble?.close()
  })

  const eventsOf = (page: RawPage, at: string) =>
    page.messages.flatMap((m) => (m.type === 'event' ? [`${m.event} ${m.path.slice(at.length)}`] : []))

  for (const chroot of ['', '/tenant']) {
    const claims = chroot ? { zk: { chroot } } : {}
    describe(chroot ? 'below a chroot' : 'without a chroot', () => {
      it.each(CASES)(
        'a watch survives a gap between gateway and ensemble: $title',
        async ({ set, change, told, lasts }) => {
          nodes += 1
          const at = `/gap-${nodes}`
          await kazoo.ensurePath(`${chroot}${at}/child`)
          const { url } = await startGateway(`127.0.0.1:${link.port}`)
          const page = await RawPage.connect(url, { token: token('ada', claims) })
          await set(page, at)
          await link.cut()
          await change(kazoo, `${chroot}${at}`)
          await link.restore()
          const sessions = () => page.messages.filter(({ type }) => type === 'session').length
          await waitUntil('it is attached again', () => sessions() === 2)
          expect(eventsOf(page, at)).toEqual(told)
          await expectLasts(page, at, chroot, told, lasts)
        },
      )

      it.each(CASES)(
        'a watch survives a gap between page and gateway: $title',
        async ({ set, held, change, told, lasts }) => {
          nodes += 1
          const at = `/gap-${nodes}`
          await kazoo.ensurePath(`${chroot}${at}/child`)
          const [one, two] = [
            await startGateway(ensemble.connectString),
            await startGateway(ensemble.connectString),
          ]
          const page = await RawPage.connect(one.url, { token: token('ada', claims) })
          await set(page, at)
          const resume = await page.resume(held(at))
          page.cut()
          await change(kazoo, `${chroot}${at}`)
          const back = await RawPage.connect(two.url, { token: token('ada', claims), resume })
          const session = await back.session()
          expect(session.resumed).toBe(true)
          expect(eventsOf(back, at)).toEqual(told)
          // They came before the session did.
          const first = back.messages.findIndex(({ type }) => type === 'session')
          expect(back.messages.slice(first).filter(({ type }) => type === 'event')).toEqual([])
          await expectLasts(back, at, chroot, told, lasts)
        },
      )
    })
  }

  const expectLasts = async (page: RawPage, at: string, chroot: string, told: string[], lasts: boolean) => {
    await kazoo.set(`${chroot}${at}`, 'once more')
    await page.call('sync', { path: '/' })
    await page.call('exists', { path: '/' })
    expect(eventsOf(page, at)).toEqual(lasts ? [...told, 'NodeDataChanged '] : told)
  }
})
