import { randomBytes } from 'node:crypto'
import type { AccessMode } from './access/rights.js'
import { DevServer } from './cli/dev/dev-server.js'
import { signToken } from './cli/token.js'
import { type DevEnsemble, startDevEnsemble } from './dev-ensemble/index.js'
import { createGateway, type Gateway } from './gateway/gateway.js'
import { createLog } from './telemetry/log.js'

/** Short ticks for tests of pages: sessions expire within milliseconds, not seconds. */
const TICK_TIME_MS = 100
const SERVERS = 3

export interface TestZoogateOptions {
  /** Servers of the in-memory ensemble. @default 3 */
  servers?: number
  /** Milliseconds. Session timeouts are between 2 and 20 ticks; a session expires up to one tick late. @default 100 */
  tickTimeMs?: number
  /** @default 'open' */
  access?: AccessMode
  /** Milliseconds that a session lasts after its tab was closed. @default 3000 */
  lingerMs?: number
}

/** A gateway with an in-memory ensemble, for the test of a page. */
export interface TestZoogate {
  /** For `createClient({ url })`; it does not change with `startGateway()`. */
  readonly url: string
  /** Stops and starts servers, cuts and stalls links, expires sessions, delays answers, skips time. */
  readonly ensemble: DevEnsemble
  /** A token that the gateway accepts. @param sub the subject @param claims such as `{ zk: { chroot } }` */
  token(sub?: string, claims?: object): string
  /** Breaks every WebSocket without a close frame, like a lost network. */
  cutPages(): void
  /** Ends the gateway at once, like a crash. */
  stopGateway(): Promise<void>
  /** Starts another gateway with the same address and keys. It replaces a gateway that still runs. */
  startGateway(): Promise<void>
  close(): Promise<void>
}

/** Starts a gateway and an ensemble in this process and on loopback: no Java, no container, no network. */
export async function startTestZoogate(options: TestZoogateOptions = {}): Promise<TestZoogate> {
  const ensemble = await startDevEnsemble({
    servers: options.servers ?? SERVERS,
    tickTimeMs: options.tickTimeMs ?? TICK_TIME_MS,
  })
  const secret = randomBytes(32).toString('base64')
  const resumeKeys = [randomBytes(32).toString('base64')]
  const makeGateway = (): Gateway =>
    createGateway({
      zookeeper: ensemble.connectString,
      jwt: { secret },
      resumeKeys,
      access: options.access ?? 'open',
      // Tests run in pages of any origin, and in Node, which sends none.
      allowedOrigins: ['*'],
      ...(options.lingerMs !== undefined && { lingerMs: options.lingerMs }),
      log: createLog('error'),
    })
  const start = async (port: number) => {
    const server = new DevServer(makeGateway(), (_, response) => response.writeHead(404).end())
    return { server, port: await server.listen(port) }
  }

  let running = await start(0)
  const { port } = running
  const stop = () => {
    // Before the drain, which would send the pages elsewhere.
    running.server.cutPages()
    return running.server.close()
  }
  return {
    url: `ws://127.0.0.1:${port}/zoogate`,
    ensemble,
    token: (sub = 'tester', claims = {}) => signToken(secret, sub, 3600, claims),
    cutPages: () => running.server.cutPages(),
    stopGateway: stop,
    startGateway: async () => {
      await stop()
      running = await start(port)
    },
    close: async () => {
      await stop()
      await ensemble.close()
    },
  }
}
