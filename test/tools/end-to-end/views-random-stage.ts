import { token } from '../gateway/gateway-fixture.js'
import { type Run, serveProcess } from '../gateway/gateway-process.js'
import { startTcpProxy, type TcpProxy } from '../tcp-proxy.js'
import { freePorts } from '../zookeeper/free-ports.js'
import { Kazoo, KazooError } from '../zookeeper/kazoo.js'
import { type RealEnsemble, realEnsemble } from '../zookeeper/real-ensemble.js'

export const ROOM = '/rooms/random'

/** One replica with breakable links to its pages and to the server. */
export interface GatewayOnStage {
  front: TcpProxy
  back: TcpProxy
  /** SIGKILL, and a new process on the same port. */
  restart(): Promise<void>
}

/** pages → (proxy → gateway → proxy) × 2 → one server; kazoo looks at the server itself. */
export interface Stage {
  ensemble: RealEnsemble
  gateways: GatewayOnStage[]
  /** For `createClient`. */
  urls: string[]
  /** The data in the room, by the names of the nodes; null while the server cannot be asked. */
  room(): Promise<Map<string, string> | null>
  close(): Promise<void>
}

export async function setStage(): Promise<Stage> {
  const ensemble = await realEnsemble(1)
  const kazoo = await Kazoo.connect(ensemble.connectString)
  await kazoo.ensurePath(ROOM)
  const gateways = [await startGateway(ensemble), await startGateway(ensemble)]
  return {
    ensemble,
    gateways,
    urls: gateways.map(({ front }) => `ws://127.0.0.1:${front.port}/zoogate`),
    room: () => readRoom(kazoo),
    close: async () => {
      await Promise.all(gateways.map((gateway) => gateway.close()))
      await kazoo.close()
      await ensemble.close()
    },
  }
}

/** Good for longer than the run. */
export const tokenOf = (name: string) => token(name)

/** kazoo's errors while it has no server, or when a member left between the two reads. */
const PASSING = ['ConnectionLoss', 'SessionExpiredError', 'ConnectionClosedError', 'NoNodeError']

async function readRoom(kazoo: Kazoo): Promise<Map<string, string> | null> {
  try {
    const names = await kazoo.getChildren(ROOM)
    const texts = await Promise.all(names.map((name) => kazoo.get(`${ROOM}/${name}`)))
    return new Map(texts.map(({ text }, index) => [names[index] as string, text]))
  } catch (error) {
    if (error instanceof KazooError && PASSING.includes(error.kind)) return null
    throw error
  }
}

async function startGateway({ servers }: RealEnsemble): Promise<GatewayOnStage & { close(): Promise<void> }> {
  const [port] = (await freePorts(1)) as [number]
  const front = await startTcpProxy(port)
  const back = await startTcpProxy((servers[0] as { port: number }).port)
  let run: Run
  const start = async () => {
    run = serveProcess(`127.0.0.1:${back.port}`, {
      ZOOGATE_PORT: String(port),
      ZOOGATE_LOG_LEVEL: 'error',
    })
    await run.listening()
  }
  await start()
  return {
    front,
    back,
    restart: async () => {
      await run.kill()
      await start()
    },
    close: async () => {
      await run.kill()
      await Promise.all([front.close(), back.close()])
    },
  }
}
