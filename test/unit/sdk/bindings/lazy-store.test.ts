import { describe, expect, it } from 'vitest'
import { createLazyStore } from '../../../../client-sdk/src/bindings/lazy-store.js'
import { aTaskLater } from '../../../tools/bindings/fake-client.js'

/** A source that counts, and its history. */
function createStage() {
  const history: string[] = []
  let tell = () => {}
  let count = 0
  const store = createLazyStore(-1, () => {
    history.push('opened')
    return {
      getSnapshot: () => count,
      subscribe(listener) {
        tell = listener
        return () => undefined
      },
      close: () => void history.push('closed'),
    }
  })
  return {
    store,
    history,
    countTo(next: number) {
      count = next
      tell()
    },
  }
}

describe('a lazy store', () => {
  it('opens nothing before it has a listener', async () => {
    const { store, history } = createStage()
    await aTaskLater()
    expect(store.getSnapshot()).toBe(-1)
    expect(store.open()).toBeNull()
    expect(history).toEqual([])
  })

  it('opens once for all listeners, after the turn in which the first was added, and calls them', async () => {
    const { store, history, countTo } = createStage()
    const told: string[] = []
    store.subscribe(() => told.push(`first ${store.getSnapshot()}`))
    store.subscribe(() => told.push(`second ${store.getSnapshot()}`))
    expect(history).toEqual([])
    await aTaskLater()
    countTo(1)
    expect(history).toEqual(['opened'])
    expect(told).toEqual(['first 0', 'second 0', 'first 1', 'second 1'])
  })

  it('does not open for a listener that is removed in the same turn', async () => {
    const { store, history } = createStage()
    store.subscribe(() => undefined)()
    await aTaskLater()
    expect(history).toEqual([])
  })

  it('closes after the last listener was removed, and then shows the empty snapshot', async () => {
    const { store, history } = createStage()
    const leave = [store.subscribe(() => undefined), store.subscribe(() => undefined)]
    await aTaskLater()
    leave[0]?.()
    await aTaskLater()
    expect(history).toEqual(['opened'])
    leave[1]?.()
    expect(store.getSnapshot()).toBe(0)
    await aTaskLater()
    expect(history).toEqual(['opened', 'closed'])
    expect(store.getSnapshot()).toBe(-1)
  })

  it('stays open when a listener is added in the turn in which the last one was removed', async () => {
    const { store, history } = createStage()
    const leave = store.subscribe(() => undefined)
    await aTaskLater()
    leave()
    store.subscribe(() => undefined)
    await aTaskLater()
    expect(history).toEqual(['opened'])
  })

  it('opens anew for a listener after it was closed', async () => {
    const { store, history } = createStage()
    const leave = store.subscribe(() => undefined)
    await aTaskLater()
    leave()
    await aTaskLater()
    store.subscribe(() => undefined)
    await aTaskLater()
    expect(history).toEqual(['opened', 'closed', 'opened'])
  })

  it('opens at once when a listener asks for it, and not again', async () => {
    const { store, history } = createStage()
    store.subscribe(() => undefined)
    expect(store.opened()).toBeNull()
    expect(store.open()).not.toBeNull()
    await aTaskLater()
    expect(history).toEqual(['opened'])
  })

  it('removes a listener that was added twice once at a time', async () => {
    const { store, countTo } = createStage()
    let told = 0
    const listener = () => {
      told++
    }
    const leave = store.subscribe(listener)
    store.subscribe(listener)
    await aTaskLater()
    leave()
    told = 0
    countTo(1)
    expect(told).toBe(1)
  })

  it('shows a server the empty snapshot, also while a source is open', async () => {
    const { store } = createStage()
    store.subscribe(() => undefined)
    await aTaskLater()
    expect(store.getSnapshot()).toBe(0)
    expect(store.getServerSnapshot()).toBe(-1)
  })

  it('stays empty without a source', async () => {
    const store = createLazyStore('unseen', null)
    const told: string[] = []
    const leave = store.subscribe(() => told.push('changed'))
    await aTaskLater()
    leave()
    await aTaskLater()
    expect([store.getSnapshot(), store.open(), told]).toEqual(['unseen', null, []])
  })
})
