import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith } from '../requirements.js'
import { waitUntil } from '../wait-until.js'
import { Kazoo } from '../zookeeper/kazoo.js'
import { type RealEnsemble, realEnsemble } from '../zookeeper/real-ensemble.js'

describeWith('zookeeper', 'kazoo')('kazoo', () => {
  let ensemble: RealEnsemble
  let kazoo: Kazoo
  beforeAll(async () => {
    ensemble = await realEnsemble()
    kazoo = await Kazoo.connect(ensemble.connectString)
  })
  afterAll(async () => {
    await kazoo?.close()
    await ensemble?.close()
  })

  it('writes, reads, lists and deletes nodes', async () => {
    await kazoo.ensurePath('/deep/folder')
    expect(await kazoo.create('/deep/folder/a', 'é')).toBe('/deep/folder/a')
    const { data, text, stat } = await kazoo.get('/deep/folder/a')
    expect(text).toBe('é')
    expect([...data]).toEqual([0xc3, 0xa9])
    expect(stat).toMatchObject({ version: 0, dataLength: 2, ephemeralOwner: '0x0' })
    expect(stat.czxid).toMatch(/^0x[0-9a-f]+$/)
    expect((await kazoo.set('/deep/folder/a', new Uint8Array([0, 255]), 0)).version).toBe(1)
    expect(await kazoo.getChildren('/deep/folder')).toEqual(['a'])
    await kazoo.delete('/deep', { recursive: true })
    expect(await kazoo.exists('/deep')).toBeNull()
  })

  it('owns its ephemeral nodes and numbers sequential ones', async () => {
    const path = await kazoo.create('/member-', 'x', { ephemeral: true, sequence: true })
    expect(path).toMatch(/^\/member-\d{10}$/)
    expect((await kazoo.exists(path))?.ephemeralOwner).toBe(kazoo.sessionId)
  })

  it('tells the kind of an error', async () => {
    await expect(kazoo.get('/missing')).rejects.toMatchObject({ name: 'KazooError', kind: 'NoNodeError' })
  })

  it('streams the children of a watched node', async () => {
    const seen: string[][] = []
    await kazoo.ensurePath('/room')
    await kazoo.watchChildren('/room', (children) => seen.push(children))
    await kazoo.create('/room/b')
    await waitUntil('b is seen', () => seen.at(-1)?.length === 1)
    await kazoo.create('/room/a')
    await waitUntil('a is seen', () => seen.at(-1)?.length === 2)
    expect(seen).toEqual([[], ['b'], ['a', 'b']])
  })

  it('fails calls in flight when its process is killed', async () => {
    const doomed = await Kazoo.connect(ensemble.connectString)
    process.kill(doomed.pid, 'SIGSTOP')
    const call = doomed.exists('/')
    doomed.kill()
    await expect(call).rejects.toThrow('the kazoo process ended')
    await doomed.close()
  })
})
