// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest'
import type { Instance, Service } from '../../../../examples/service-board/src/catalogue.js'
import { Timetable } from '../../../../examples/service-board/src/timetable.js'

const instance = (name: string, fields: Partial<Instance> = {}): Instance => ({
  name,
  born: 1n,
  joinedAt: 0,
  startedAt: 0,
  address: 'h:80',
  version: '1',
  load: 0.5,
  revision: 0,
  simulated: false,
  ...fields,
})
const service = (name: string, instances: Instance[], leader: string | null = null): Service => ({
  name,
  instances,
  leader,
})

let elements: Record<'root' | 'blocks' | 'services' | 'instances' | 'down', HTMLElement>
let timetable: Timetable
beforeEach(() => {
  const element = () => document.createElement('div')
  elements = {
    root: element(),
    blocks: element(),
    services: element(),
    instances: element(),
    down: element(),
  }
  timetable = new Timetable(elements)
})
const rows = () => [...elements.blocks.querySelectorAll<HTMLElement>('.instance')]
const row = (name: string) => rows().find(({ dataset }) => dataset.instance === name)
const bars = (name: string) => row(name)?.querySelectorAll('.trace rect').length

describe('the timetable', () => {
  it('counts services, instances, and services without instances', () => {
    timetable.show([service('mail', []), service('shop', [instance('a')])], 0)
    expect([elements.services, elements.instances, elements.down].map((each) => each.textContent)).toEqual([
      '2 services',
      '1 instance',
      '1 down',
    ])
    const [mail] = elements.blocks.children
    expect((mail as HTMLElement).dataset.down).toBe('true')
    expect(mail?.textContent).toContain('No instance')
  })

  it('marks only the leader', () => {
    timetable.show([service('shop', [instance('a'), instance('b')], 'b')], 0)
    expect(rows().map(({ dataset }) => dataset.leads)).toEqual(['false', 'true'])
    timetable.show([service('shop', [instance('a'), instance('b')], 'a')], 0)
    expect(rows().map(({ dataset }) => dataset.leads)).toEqual(['true', 'false'])
    expect(elements.blocks.textContent).toContain('Led by a')
  })

  it('keeps the elements of instances that stay, in the order of their names', () => {
    timetable.show([service('shop', [instance('b')])], 0)
    const [b] = rows()
    timetable.show([service('shop', [instance('a', { born: 2n }), instance('b')])], 0)
    expect(rows().map(({ dataset }) => dataset.instance)).toEqual(['a', 'b'])
    expect(row('b')).toBe(b)
    timetable.show([service('shop', [instance('a', { born: 2n })])], 0)
    expect(rows()).toHaveLength(1)
  })

  it('draws one bar for each update of the load', () => {
    timetable.show([service('shop', [instance('a')])], 0)
    timetable.show([service('shop', [instance('a')])], 0)
    expect(bars('a')).toBe(1)
    timetable.show([service('shop', [instance('a', { load: 0.9, revision: 1 })])], 0)
    expect(bars('a')).toBe(2)
    expect(row('a')?.dataset.load).toBe('high')
  })

  it('draws a new row for a process that was restarted under its name', () => {
    timetable.show([service('shop', [instance('a', { revision: 5 })])], 0)
    timetable.show([service('shop', [instance('a', { revision: 6 })])], 0)
    const before = row('a')
    timetable.show([service('shop', [instance('a', { born: 9n, startedAt: 60_000 })])], 120_000)
    expect(row('a')).not.toBe(before)
    expect(bars('a')).toBe(1)
    expect(row('a')?.textContent).toContain('up 1 min')
  })

  it('hides the load of an instance without one, and shows markup as text', () => {
    timetable.show([service('<b>shop</b>', [instance('<i>a</i>', { load: null, address: '<u>' })])], 0)
    expect(elements.blocks.querySelector<HTMLElement>('.load')?.hidden).toBe(true)
    expect(elements.blocks.querySelector('b, i, u')).toBeNull()
  })
})
