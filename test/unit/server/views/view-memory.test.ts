import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ViewMemory } from '../../../../server/src/views/view-memory.js'

describe('the memory of all views', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** Memory of at most 100, made free by tens. */
  function open() {
    let given = 0
    const memory: ViewMemory = new ViewMemory(100, (isEnough) => {
      while (!isEnough()) {
        given += 1
        memory.hold(-10)
      }
    })
    return { memory, given: () => given }
  }

  it('may be full', () => {
    const { memory, given } = open()
    memory.hold(100)
    vi.runAllTimers()
    expect(given()).toBe(0)
  })

  it('is made free beyond that, later than whatever filled it, and with some room to spare', () => {
    const { memory, given } = open()
    memory.hold(101)
    memory.hold(1)
    expect(given()).toBe(0)
    vi.runAllTimers()
    expect(memory.bytes).toBe(82)
    expect(given()).toBe(2)
  })

  it('takes nothing from anybody where it has become free by itself', () => {
    const { memory, given } = open()
    memory.hold(101)
    memory.hold(-1)
    vi.runAllTimers()
    expect(given()).toBe(0)
  })
})
