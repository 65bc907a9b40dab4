import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Breakable } from '../../../../../server/src/cli/dev/fault-catalogue.js'
import { Faults } from '../../../../../server/src/cli/dev/faults.js'

const SESSION = '0x100'
const OTHER = '0x200'
const me = { session: SESSION, tab: 'ab' }
const other = { session: OTHER, tab: 'cd' }

/** Records each control that is used. Each is done at once, unless a test replaces `stopServer`. */
class RecordedEnsemble implements Omit<Breakable, 'ensemble'> {
  readonly calls: string[] = []
  held: number | null = 1
  stopServer = async (index: number) => this.#note('stop', index)
  startServer = async (index: number) => this.#note('start', index)

  readonly ensemble: Breakable['ensemble'] = {
    ports: [1, 2, 3],
    sessions: () => [SESSION, OTHER],
    serverOf: () => this.held,
    stopServer: (index) => this.stopServer(index),
    startServer: (index) => this.startServer(index),
    expireSession: (id) => {
      this.#note('expire', id)
      return true
    },
    cutLinks: (target) => this.#note('cut links', target),
    stallLinks: (target) => this.#note('stall', target),
    resumeLinks: (target) => this.#note('resume', target),
    delayAnswers: (ms, target) => this.#note('delay', ms, target),
  }

  cutTab = (tab: string) => this.#note('cut tab', tab)

  #note(...parts: unknown[]): void {
    const given = parts.filter((part) => part !== undefined)
    this.calls.push(given.map((part) => (typeof part === 'object' ? JSON.stringify(part) : part)).join(' '))
  }
}

let ensemble: RecordedEnsemble
let faults: Faults
let errors: string[]
beforeEach(() => {
  vi.useFakeTimers()
  ensemble = new RecordedEnsemble()
  errors = []
  faults = new Faults(ensemble, {
    error: (fields, message) => errors.push(`${message} ${JSON.stringify(fields)}`),
  })
})
afterEach(() => {
  faults.close()
  vi.useRealTimers()
})

/** The controls that were called since the last time. */
const called = () => ensemble.calls.splice(0)
const lastsMs = (name: string) => faults.offers().find((offer) => offer.name === name)?.lastsMs ?? 0

describe('a fault at a point in time', () => {
  it.each([
    ['cut-websocket', 'cut tab ab'],
    ['cut-link', 'cut links {"session":"0x100"}'],
    ['expire-session', 'expire 0x100'],
  ] as const)('happens to its victim alone, as often as it is caused: %s', async (name, call) => {
    await faults.cause(name, me)
    await faults.cause(name, me)
    await vi.runAllTimersAsync()
    expect(called()).toEqual([call, call])
  })
})

describe('a fault with a duration', () => {
  it.each([
    ['stall-link', ['stall {"session":"0x100"}'], ['resume {"session":"0x100"}']],
    ['slow-answers', ['delay 500'], ['delay 0']],
    ['stop-server', ['stop 1'], ['start 1']],
    ['stop-ensemble', ['stop 0', 'stop 1', 'stop 2'], ['start 0', 'start 1', 'start 2']],
  ] as const)('ends by itself after its duration, and not before: %s', async (name, begin, end) => {
    await faults.cause(name, me)
    expect(called()).toEqual(begin)
    await vi.advanceTimersByTimeAsync(lastsMs(name) - 1)
    expect(called()).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(called()).toEqual(end)
    await faults.cause(name, me)
    expect(called()).toEqual(begin)
  })

  it('outlasts every session timeout of the ensemble when it shows a timeout', () => {
    for (const name of ['stall-link', 'stop-ensemble']) expect(lastsMs(name)).toBeGreaterThan(10_000)
  })

  it('is refused to a session that suffers it already, and granted to another session', async () => {
    await faults.cause('stall-link', me)
    await expect(faults.cause('stall-link', me)).rejects.toThrow('until the last such fault is over')
    await faults.cause('stall-link', other)
    await faults.cause('slow-answers', me)
    expect(called()).toEqual(['stall {"session":"0x100"}', 'stall {"session":"0x200"}', 'delay 500'])
  })

  it('is refused while it begins', async () => {
    let stopped = () => {}
    ensemble.stopServer = () =>
      new Promise((resolve) => {
        stopped = resolve
      })
    const first = faults.cause('stop-server', me)
    await expect(faults.cause('stop-server', me)).rejects.toThrow('until the last')
    stopped()
    await first
  })

  it('stops servers only while none is stopped, for every session', async () => {
    await faults.cause('stop-server', me)
    await expect(faults.cause('stop-ensemble', other)).rejects.toThrow('Stop all servers')
    await vi.advanceTimersByTimeAsync(lastsMs('stop-server'))
    await faults.cause('stop-ensemble', other)
    await expect(faults.cause('stop-server', me)).rejects.toThrow('Stop my server')
  })

  it('starts the server that it stopped, also when the session has moved on', async () => {
    await faults.cause('stop-server', me)
    ensemble.held = 2
    await vi.runAllTimersAsync()
    expect(called()).toEqual(['stop 1', 'start 1'])
  })

  it('logs what to do when it cannot end', async () => {
    ensemble.startServer = async () => {
      throw new Error('port taken')
    }
    await faults.cause('stop-server', me)
    await vi.runAllTimersAsync()
    expect(errors.join()).toMatch(/stop zoogate dev and start it again.*stop-server.*port taken/)
  })

  it('is not under way when it could not begin', async () => {
    const { stopServer } = ensemble
    ensemble.stopServer = async () => {
      throw new Error('broken')
    }
    await expect(faults.cause('stop-server', me)).rejects.toThrow('broken')
    ensemble.stopServer = stopServer
    await faults.cause('stop-server', me)
    expect(called()).toEqual(['stop 1'])
  })

  it('does not end by close, also when it was beginning', async () => {
    await faults.cause('stall-link', me)
    const beginning = faults.cause('stop-server', me)
    faults.close()
    await beginning
    called()
    expect(vi.getTimerCount()).toBe(0)
    await vi.runAllTimersAsync()
    expect(called()).toEqual([])
  })
})

describe('a fault', () => {
  it('is refused to a session that the ensemble does not hold', async () => {
    await expect(faults.cause('cut-link', { session: '0x300', tab: 'ab' })).rejects.toThrow(
      'the ensemble holds no session 0x300',
    )
    expect(called()).toEqual([])
  })

  it('is refused to a session without a server when it stops that server', async () => {
    ensemble.held = null
    await expect(faults.cause('stop-server', me)).rejects.toThrow('connected to no server')
    ensemble.held = 0
    await faults.cause('stop-server', me)
    expect(called()).toEqual(['stop 0'])
  })
})
