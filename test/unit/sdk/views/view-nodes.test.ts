import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Member } from '../../../../client-sdk/src/index.js'
import { createRooms } from '../../../../client-sdk/src/presence/rooms.js'
import { ViewModel } from '../../../tools/sdk/view-model.js'
import { shown } from '../../../tools/sdk/viewing.js'

/** Few, so that nodes go and come again. */
const NAMES = ['a', 'b', 'c']
const ROOM = '/r'

const name = fc.constantFrom(...NAMES)
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('write' as const), name, data: fc.stringMatching(/^[0-9]$/) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), name }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('send', 'sendAhead', 'resume', 'renew') }) },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** @returns whether the page has been told everything */
function take(model: ViewModel, step: Step): boolean {
  if (step.kind === 'write') model.write(step.name, step.data)
  else if (step.kind === 'remove') model.remove(step.name)
  else model[step.kind]()
  return ['send', 'resume', 'renew'].includes(step.kind)
}
const expected = ({ nodes }: ViewModel) =>
  Object.fromEntries([...nodes].map(([name, { data }]) => [`${ROOM}/${name}`, data]))

it('whatever happens to a tree and to the link, a view shows the tree once it has received every change', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const model = new ViewModel()
      const view = model.show(ROOM, { data: true })
      model.renew()
      for (const step of steps) {
        if (take(model, step)) expect(shown(view.getSnapshot())).toEqual(expected(model))
      }
      model.send()
      expect(shown(view.getSnapshot())).toEqual(expected(model))
    }),
    { numRuns: 2_000 },
  )
})

it('the events of a room, applied to its first members, give its last', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.array(step, { maxLength: 40 }), (before, after) => {
      const model = new ViewModel()
      for (const step of before) if (step.kind === 'write' || step.kind === 'remove') take(model, step)
      const neverCalled = {} as Parameters<typeof createRooms>[0]
      const room = createRooms(neverCalled, model.show, model.on, 1_000)(ROOM)
      const log: (() => void)[] = []
      const members = new Map<string, Member<unknown>>()
      room.on('joined', ({ member }) =>
        log.push(() => {
          expect(members.has(member.id)).toBe(false)
          members.set(member.id, member)
        }),
      )
      room.on('changed', ({ member, previous }) =>
        log.push(() => {
          expect(members.get(member.id)).toBe(previous)
          members.set(member.id, member)
        }),
      )
      room.on('left', ({ member }) =>
        log.push(() => {
          expect(members.get(member.id)).toBe(member)
          members.delete(member.id)
        }),
      )
      model.renew()
      expect(log).toEqual([])
      for (const member of room.getSnapshot().members) members.set(member.id, member)
      for (const step of after) take(model, step)
      model.send()
      for (const replay of log) replay()
      const byId = (a: Member<unknown>, b: Member<unknown>) => (a.id < b.id ? -1 : 1)
      expect([...members.values()].sort(byId)).toEqual([...room.getSnapshot().members].sort(byId))
      const { members: last } = room.getSnapshot()
      const shown = Object.fromEntries(last.map(({ id, data }) => [`${ROOM}/${id}`, `${data}`]))
      expect(shown).toEqual(expected(model))
      expect(last.map(({ joinedAt }) => joinedAt)).toEqual(
        last.map(({ joinedAt }) => joinedAt).sort((a, b) => a - b),
      )
    }),
    { numRuns: 2_000 },
  )
})
