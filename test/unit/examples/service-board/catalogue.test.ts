import { describe, expect, it } from 'vitest'
import { readServices } from '../../../../examples/service-board/src/catalogue.js'
import { Tree } from '../../../tools/boards/tree.js'

const folder = { ephemeral: false }
const shop = () => new Tree().add('/services', folder).add('/services/shop', folder)

describe('the catalogue', () => {
  it('lists services and their instances by name', () => {
    const tree = shop()
      .add('/services/shop/b')
      .add('/services/shop/a')
      .add('/services/mail', folder)
      .add('/services/mail/m')
    const found = readServices('/services', tree.nodes)
    expect(found.map(({ name, instances }) => [name, ...instances.map((instance) => instance.name)])).toEqual(
      [
        ['mail', 'm'],
        ['shop', 'a', 'b'],
      ],
    )
  })

  it('reads the data of an instance', () => {
    const data = { host: 'h1', port: 80, version: '1.2', started: 500, load: 0.25, simulated: true }
    const [service] = readServices('/services', shop().add('/services/shop/a', { data, version: 7 }).nodes)
    expect(service?.instances).toEqual([
      {
        name: 'a',
        born: 3n,
        joinedAt: 1_000,
        startedAt: 500,
        address: 'h1:80',
        version: '1.2',
        load: 0.25,
        revision: 7,
        simulated: true,
      },
    ])
  })

  it.each(['', 'up', '7', 'null', '[]', { host: {}, port: [], version: 1, started: 'then', load: 1.5 }])(
    'lists an instance with the unusable data %j',
    (data) => {
      const [service] = readServices('/services', shop().add('/services/shop/a', { data }).nodes)
      expect(service?.instances).toMatchObject([
        { name: 'a', startedAt: 1_000, address: '', version: '', load: null, simulated: false },
      ])
    },
  )

  it('keeps a service without instances', () => {
    expect(readServices('/services', shop().nodes)).toEqual([{ name: 'shop', instances: [], leader: null }])
  })

  it('ignores persistent nodes, which outlive a process', () => {
    const tree = shop().add('/services/shop/config', folder).add('/services/shop/election', folder)
    expect(readServices('/services', tree.nodes)[0]?.instances).toEqual([])
  })

  it('takes the oldest candidate for the leader, under any name', () => {
    const election = '/services/shop/election'
    const tree = shop()
      .add(election, folder)
      .add(`${election}/zz__lock__0000000000`, { data: 'first' })
      .add(`${election}/_c_aa-latch-0000000001`, { data: 'second' })
    expect(readServices('/services', tree.nodes)[0]?.leader).toBe('first')
    tree.remove(`${election}/zz__lock__0000000000`)
    expect(readServices('/services', tree.nodes)[0]?.leader).toBe('second')
  })

  it('ignores nodes below candidates and above its root', () => {
    const tree = new Tree()
      .add('/a/services', folder)
      .add('/a/services/shop', folder)
      .add('/a/services/shop/election', folder)
      .add('/a/services/shop/election/x/y', { data: 'deep' })
    expect(readServices('/a/services', tree.nodes)).toEqual([{ name: 'shop', instances: [], leader: null }])
  })
})
