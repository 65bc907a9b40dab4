import { afterEach, beforeEach, vi } from 'vitest'
import { type Client, type ClientOptions, createClient } from '../../../client-sdk/src/index.js'
import type { SessionMessage } from '../../../client-sdk/src/protocol.js'
import { FakeSocket, sessionMessage } from './fake-socket.js'

/** Longer than any backoff. */
export const LONG_ENOUGH_TO_REDIAL_MS = 5_001

/** A client with the test as its gateway, and a record of its messages. */
export interface Playground {
  zk: Client
  sockets: FakeSocket[]
  /** The client's events in order, in short. */
  told: string[]
  /** The reasons of the calls of getToken. */
  asked: string[]
  /** The newest socket. */
  socket(): FakeSocket
  /** Runs everything that does not wait for a clock. */
  settle(): Promise<void>
  /** Attaches the session on the newest socket. */
  attach(session?: Partial<SessionMessage>): Promise<FakeSocket>
  /** Waits for the redial and gives its socket. */
  redialled(): Promise<FakeSocket>
}

/** To be called at the top of a test file: fake clocks, and clients that are closed again. */
export function preparePlayground(): (options?: Partial<ClientOptions>) => Playground {
  const clients: Client[] = []
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 })
    // Half of each longest wait: a much shorter one would be over before the test has looked. Never the same number twice,
    // because names are drawn from it, too.
    let drawn = 0
    vi.spyOn(Math, 'random').mockImplementation(() => 0.5 + ++drawn * 2 ** -30)
  })
  afterEach(async () => {
    const closing = clients.splice(0).map((client) => client.close())
    await vi.advanceTimersByTimeAsync(2_001)
    await Promise.all(closing)
    vi.useRealTimers()
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
  })
  return (options) => {
    const playground = createPlayground(options)
    clients.push(playground.zk)
    return playground
  }
}

function createPlayground(options: Partial<ClientOptions> = {}): Playground {
  const sockets: FakeSocket[] = []
  const asked: string[] = []
  const told: string[] = []
  let tokens = 0
  const zk = createClient({
    url: 'wss://gate.example/zoogate',
    getToken: ({ reason }) => {
      asked.push(reason)
      return `token-${++tokens}`
    },
    WebSocket: class extends FakeSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols)
        sockets.push(this)
      }
    },
    ...options,
  })
  zk.on('state', ({ state, previous, reason }) =>
    told.push(`${previous} -> ${state}${reason ? ` (${reason})` : ''}`),
  )
  zk.on('session', ({ session, previous }) =>
    told.push(`session ${session.id} after ${previous?.id ?? 'none'}`),
  )
  zk.on('presumed_expired', ({ session }) => told.push(`presumed expired ${session.id}`))

  const settle = async () => {
    await vi.advanceTimersByTimeAsync(0)
  }
  const socket = () => {
    const newest = sockets.at(-1)
    if (!newest) throw new Error('nothing was dialled yet')
    return newest
  }
  return {
    zk,
    sockets,
    told,
    asked,
    socket,
    settle,
    attach: async (session) => {
      await settle()
      socket().open().receive(sessionMessage(session))
      await settle()
      return socket()
    },
    redialled: async () => {
      const before = sockets.length
      await vi.advanceTimersByTimeAsync(LONG_ENOUGH_TO_REDIAL_MS)
      if (sockets.length !== before + 1) throw new Error(`${sockets.length - before} dials instead of one`)
      return socket()
    },
  }
}

/** Resolves with the rejection, so that a test can compare it; rejects when the promise resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it should have been rejected')
}
