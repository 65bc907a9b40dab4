import { once } from 'node:events'
import { type Client, CreateMode, createClient } from 'node-zookeeper-client'
import { io } from 'socket.io-client'
import { token } from '../tools/gateway/gateway-fixture.js'
import {
  CROWD_FROM_ONE_ADDRESS,
  type Run,
  serveProcess,
  webSocketOf,
} from '../tools/gateway/gateway-process.js'
import { RawPage } from '../tools/gateway/raw-page.js'
import type { RealEnsemble } from '../tools/zookeeper/real-ensemble.js'
import { SESSION_TIMEOUT_MS } from './figures.js'
import { startSocketIoServer } from './socket-io-server.js'
import type { ViewersSettings } from './viewer.js'

/** The one member that changes, by the name of its node. */
export const MEMBER = 'ada'

/** The member that the viewers look at. */
export interface ChangingMember {
  /** Resolves when the change is acknowledged. */
  change(payload: string): Promise<void>
  leave(): Promise<void>
}

/** A way to keep a room's viewers up to date. */
export interface Subject {
  readonly name: ViewersSettings['subject']
  /** The same settings for all viewers of a subject. */
  readonly viewers: Omit<ViewersSettings, 'count' | 'subject'>
  /** The process between members and viewers; null where there is none. */
  readonly brokerPid: number | null
  enter(payload: string): Promise<ChangingMember>
  close(): Promise<void>
}

/** Views: a page changes its own node over the gateway that all viewers look through. */
export async function zoogate(ensemble: RealEnsemble): Promise<Subject> {
  const room = '/room-of-views'
  await makeRoom(ensemble, room)
  const gateway: Run = serveProcess(ensemble.connectString, {
    ...CROWD_FROM_ONE_ADDRESS,
    ZOOGATE_MAX_SESSIONS_PER_SUBJECT: '15000',
    ZOOGATE_LOG_LEVEL: 'error',
  })
  const address = webSocketOf(await gateway.listening())
  // Good for longer than any run.
  const hello = { token: token('bench', {}, { expiresIn: '1d' }), timeoutMs: SESSION_TIMEOUT_MS }
  return {
    name: 'zoogate',
    viewers: { address, room, token: hello.token },
    brokerPid: gateway.process.pid as number,
    enter: async (payload) => {
      const page = await RawPage.connect(address, hello)
      const path = `${room}/${MEMBER}`
      await answered(page.call('create', { path, data: payload, mode: 'ephemeral' }))
      return {
        change: (data) => answered(page.call('setData', { path, data })),
        leave: async () => {
          page.send({ type: 'close' })
          await page.closed()
        },
      }
    },
    close: () => gateway.kill(),
  }
}

async function answered(answer: ReturnType<RawPage['call']>): Promise<void> {
  const message = await answer
  if (message.type === 'error') throw new Error(`the member's call failed: ${message.error.message}`)
}

/** ZooKeeper's own recipe: each viewer has a session on the ensemble itself. */
export async function classic(ensemble: RealEnsemble): Promise<Subject> {
  const room = '/room-of-watches'
  await makeRoom(ensemble, room)
  return {
    name: 'classic',
    viewers: { address: ensemble.connectString, room, token: '' },
    brokerPid: null,
    enter: async (payload) => {
      const client = await connected(ensemble)
      const path = `${room}/${MEMBER}`
      await ask((done) => client.create(path, Buffer.from(payload), CreateMode.EPHEMERAL, done))
      return {
        change: async (data) => {
          await ask((done) => client.setData(path, Buffer.from(data), -1, done))
        },
        leave: () => disconnected(client),
      }
    },
    close: async () => undefined,
  }
}

/** Without ZooKeeper: a server that sends the message of one member to the whole room. */
export async function socketIo(script: string): Promise<Subject> {
  const server = await startSocketIoServer(script)
  return {
    name: 'socket.io',
    viewers: { address: `ws://127.0.0.1:${server.port}`, room: '', token: '' },
    brokerPid: server.pid,
    enter: async () => {
      const socket = io(`http://127.0.0.1:${server.port}`, { transports: ['websocket'] })
      await new Promise((resolve, reject) => {
        socket.once('connect', () => resolve(undefined))
        socket.once('connect_error', reject)
      })
      return {
        change: (data) => socket.emitWithAck('change', { id: MEMBER, data }),
        leave: async () => {
          socket.close()
        },
      }
    },
    close: () => server.close(),
  }
}

async function makeRoom(ensemble: RealEnsemble, room: string): Promise<void> {
  const client = await connected(ensemble)
  await ask((done) => client.create(room, Buffer.alloc(0), CreateMode.PERSISTENT, done))
  await disconnected(client)
}

async function connected(ensemble: RealEnsemble): Promise<Client> {
  const client = createClient(ensemble.connectString, { sessionTimeout: SESSION_TIMEOUT_MS })
  client.connect()
  await once(client, 'connected')
  return client
}

async function disconnected(client: Client): Promise<void> {
  const closed = once(client, 'disconnected')
  client.close()
  await closed
}

/** Turns the client's callback into a promise. */
const ask = <T>(request: (done: (error: Error | null, result: T) => void) => void) =>
  new Promise<T>((resolve, reject) => {
    request((error, result) => (error === null || error === undefined ? resolve(result) : reject(error)))
  })
