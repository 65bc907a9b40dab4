import { describe, expect, it } from 'vitest'
import { createElection, createLock, type Election } from 'zoogate-client/recipes'
import { abortOf, childrenOf, stageForEach, untilQueued } from '../../../tools/sdk/recipe-stage.js'
import { waitUntil } from '../../../tools/wait-until.js'

const PATH = '/elections/president'
const stage = stageForEach()

const until = (what: string, probe: () => boolean | null | undefined) =>
  waitUntil(what, () => probe() === true, { intervalMs: 10 })
const leads = (election: Election) => until('it leads', () => election.getSnapshot().isLeader)
const shows = (election: Election, data: string | null) =>
  until(`it shows ${data}`, () => {
    const { leader, stale } = election.getSnapshot()
    return !stale && (leader?.data ?? null) === data
  })

describe('an election', () => {
  it('shows no leader, stale, before its first read, and on a server', async () => {
    const page = stage.newPage()
    const election = createElection(page, PATH)
    const before = election.getSnapshot()
    expect(before).toEqual({
      isLeader: false,
      leader: null,
      fencingToken: null,
      signal: null,
      stale: true,
      error: null,
    })
    expect(Object.isFrozen(before)).toBe(true)
    expect(election.getServerSnapshot()).toBe(before)
    await page.connect()
    await shows(election, null)
    expect(election.getSnapshot()).not.toBe(before)
    expect(election.getServerSnapshot()).toBe(before)
    await election.close()
  })

  it('is won by the first candidate for all clients, and by the next one when the first resigns', async () => {
    const [ada, bob, eve] = [await stage.page(), await stage.page(), await stage.page()]
    const elections = [createElection(ada, PATH, { data: 'ada' }), createElection(bob, PATH, { data: 'bob' })]
    const [first, second] = elections as [Election, Election]
    const observer = createElection(eve, PATH)
    first.campaign()
    first.campaign()
    await leads(first)
    second.campaign()
    await untilQueued(eve, PATH, 2)
    for (const election of [first, second, observer]) await shows(election, 'ada')
    const { fencingToken, signal, leader } = first.getSnapshot()
    expect(second.getSnapshot()).toMatchObject({ isLeader: false, fencingToken: null, signal: null, leader })
    expect([first.isLeader, second.isLeader, observer.isLeader]).toEqual([true, false, false])
    const resigned = first.resign()
    expect(first.isLeader).toBe(false)
    expect(first.getSnapshot()).toMatchObject({ isLeader: false, fencingToken: null, signal: null })
    await resigned
    expect(signal?.aborted).toBe(false)
    await leads(second)
    expect(second.getSnapshot().fencingToken).toBeGreaterThan(fencingToken ?? 0n)
    for (const election of [first, second, observer]) await shows(election, 'bob')
    await second.close()
    await shows(observer, null)
    expect(await childrenOf(eve, PATH)).toEqual([])
    await Promise.all([first.close(), observer.close()])
  })

  it('keeps its snapshot until a change, and notifies listeners once per change', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const election = createElection(ada, PATH, { data: 'ada' })
    const seen: unknown[] = []
    const stop = election.subscribe(() => seen.push(election.getSnapshot()))
    election.campaign()
    await leads(election)
    await shows(election, 'ada')
    const now = election.getSnapshot()
    const told = seen.length
    // A candidate queues up behind and leaves: no snapshot changes.
    const other = createElection(bob, PATH, { data: 'bob' })
    other.campaign()
    await untilQueued(bob, PATH, 2)
    await other.close()
    await ada.exists(PATH)
    expect(election.getSnapshot()).toBe(now)
    expect([seen.length, seen.at(-1)]).toEqual([told, now])
    expect(new Set(seen).size).toBe(seen.length)
    stop()
    await election.close()
    expect(seen.length).toBe(told)
  })

  it('deposes its leader when the session expires, and has it stand again in the next one', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const first = createElection(ada, PATH, { data: 'ada' })
    const second = createElection(bob, PATH, { data: 'bob' })
    first.campaign()
    await leads(first)
    second.campaign()
    await untilQueued(bob, PATH, 2)
    const { signal } = first.getSnapshot()
    const snapshots: boolean[] = []
    signal?.addEventListener('abort', () => snapshots.push(first.getSnapshot().isLeader))
    stage.zoogate.ensemble.expireSession(ada.session?.id ?? '0x0')
    expect(await abortOf(signal as AbortSignal)).toMatchObject({ code: 'SESSION_EXPIRED' })
    expect(snapshots).toHaveLength(1)
    await leads(second)
    await untilQueued(bob, PATH, 2)
    await shows(first, 'bob')
    await second.resign()
    await leads(first)
    await Promise.all([first.close(), second.close()])
  })

  it('is deposed when it has heard nothing for too long, and stands again when the link is back', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const election = createElection(ada, PATH, { data: 'ada' })
    election.campaign()
    await leads(election)
    const { signal, fencingToken } = election.getSnapshot()
    const session = ada.session?.id ?? '0x0'
    stage.zoogate.ensemble.delayAnswers(1_600, { session })
    expect(await abortOf(signal as AbortSignal)).toMatchObject({ code: 'CONNECTION_LOSS' })
    expect(election.getSnapshot()).toMatchObject({ isLeader: false, signal: null })
    stage.zoogate.ensemble.delayAnswers(0)
    await leads(election)
    expect(election.getSnapshot().fencingToken).toBeGreaterThan(fencingToken ?? 0n)
    await untilQueued(bob, PATH, 1)
    await election.close()
  })

  it('stands again after a while when another client has deleted its node', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const election = createElection(ada, PATH)
    election.campaign()
    await leads(election)
    const { signal, leader } = election.getSnapshot()
    await bob.delete(`${PATH}/${leader?.id}`)
    expect(await abortOf(signal as AbortSignal)).toMatchObject({ code: 'NO_NODE' })
    await shows(election, null)
    await leads(election)
    await election.close()
  })

  it('may be asked to stand before there is a session, and resigns from that too', async () => {
    const page = stage.newPage()
    const [standing, resigned] = [createElection(page, PATH), createElection(page, '/other')]
    standing.campaign()
    resigned.campaign()
    await resigned.resign()
    await page.connect()
    await leads(standing)
    expect(await page.exists('/other')).toBeNull()
    await Promise.all([standing.close(), resigned.close()])
  })

  it('waits for another session when the client is closed, and leads again after connect()', async () => {
    const page = await stage.page()
    const election = createElection(page, PATH)
    election.campaign()
    await leads(election)
    const { signal } = election.getSnapshot()
    await page.close()
    expect(signal?.reason).toMatchObject({ code: 'SESSION_CLOSED' })
    expect(election.getSnapshot()).toMatchObject({ isLeader: false, stale: true, error: null })
    await page.connect()
    await leads(election)
    await election.close()
  })

  it('shows the holder of a lock on the same path as the leader', async () => {
    const [ada, bob] = [await stage.page(), await stage.page()]
    const observer = createElection(bob, PATH)
    await shows(observer, null)
    const held = await createLock(ada, PATH, { layout: 'curator', data: 'ada' }).acquire()
    await shows(observer, 'ada')
    await held.release()
    await shows(observer, null)
    await observer.close()
  })
})

describe('an election without the rights', () => {
  const refusing = stageForEach({ servers: 1, access: 'rules' })

  it('shows the error, and neither reads nor stands until it is asked again', async () => {
    const page = await refusing.page()
    const election = createElection(page, PATH)
    await until('looking is refused', () => election.getSnapshot().error?.code === 'FORBIDDEN')
    election.campaign()
    await until('standing is refused', () => election.getSnapshot().error?.code === 'FORBIDDEN')
    expect(election.getSnapshot()).toMatchObject({ isLeader: false, stale: true })
    await election.close()
  })
})
