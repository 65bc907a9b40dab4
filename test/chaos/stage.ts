import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { token } from '../tools/gateway/gateway-fixture.js'
import { type Run, serveProcess } from '../tools/gateway/gateway-process.js'
import { stopProcess } from '../tools/process-state.js'
import { startTcpProxy, type TcpProxy } from '../tools/tcp-proxy.js'
import { freePorts } from '../tools/zookeeper/free-ports.js'
import { Kazoo } from '../tools/zookeeper/kazoo.js'
import { type RealEnsemble, realEnsemble } from '../tools/zookeeper/real-ensemble.js'
import { type Balancer, startBalancer } from './balancer.js'
import { buildPageProcess, PageProcess } from './page-processes.js'
import { now } from './record.js'
import { FOLDERS } from './workload.js'

export interface StageOptions {
  /** Everything is written here: the servers' data, the records. */
  folder: string
  seed: number
  tickTimeMs: number
  sessionTimeoutMs: number
  processes: number
  pagesPerProcess: number
}

const GATEWAYS = 2
const LOCKS = ['short-1', 'short-2', 'election', 'recipe-lock', 'recipe-election']

/** One replica with the links around it, all of which can break. */
export interface GatewayOnStage {
  /** From the balancer to the gateway. */
  front: TcpProxy
  /** From the gateway to each server. */
  backs: TcpProxy[]
  freeze(): Promise<void>
  thaw(): void
  kill(): Promise<void>
  /** SIGTERM: drains, then ends. */
  drain(): Promise<void>
  /** After `kill` or `drain`, on the same port with the same keys. */
  start(): Promise<void>
}

/** page processes → balancer → (proxy → gateway → proxies) × 2 → three servers */
export interface Stage {
  ensemble: RealEnsemble
  gateways: GatewayOnStage[]
  processes: PageProcess[]
  /** Where each server keeps its data. */
  dataDirs: string[]
  close(): Promise<void>
}

export async function setStage(options: StageOptions): Promise<Stage> {
  const { folder, tickTimeMs, processes, pagesPerProcess } = options
  const data = join(folder, 'zookeeper')
  mkdirSync(data, { recursive: true })
  const ensemble = await realEnsemble(3, { tickTimeMs, dataDir: data })
  await makeFolders(ensemble.connectString)
  const gateways = await Promise.all(Array.from({ length: GATEWAYS }, () => startGateway(ensemble)))
  const balancer = await startBalancer(gateways.map(({ front }) => front.port))
  const script = await buildPageProcess(folder)
  const shared = { ...options, url: urlOf(balancer), startedAt: now(), token: longToken() }
  const started = Array.from({ length: processes }, (_, process) => {
    const pages = Array.from({ length: pagesPerProcess }, (_, page) => `p${process}-${page}`)
    const recordFile = join(folder, `pages-${process}.jsonl`)
    return new PageProcess(script, { ...shared, pages, recordFile, seed: options.seed * 100 + process })
  })
  return {
    ensemble,
    gateways,
    processes: started,
    dataDirs: [1, 2, 3].map((id) => join(data, `server-${id}`)),
    close: async () => {
      for (const process of started) process.kill()
      await balancer.close()
      await Promise.all(gateways.map((gateway) => gateway.close()))
      await ensemble.close()
    },
  }
}

const urlOf = ({ port }: Balancer) => `ws://127.0.0.1:${port}/zoogate`

/** Good for longer than any run. */
const longToken = () => token('chaos', {}, { expiresIn: '1d' })

async function makeFolders(connectString: string): Promise<void> {
  const kazoo = await Kazoo.connect(connectString)
  try {
    const ofLocks = LOCKS.flatMap((lock) => [`/chaos/locks/${lock}`, `/chaos/fences/${lock}`])
    for (const path of [...FOLDERS, ...ofLocks]) await kazoo.create(path)
  } finally {
    await kazoo.close()
  }
}

async function startGateway({ servers }: RealEnsemble): Promise<GatewayOnStage & { close(): Promise<void> }> {
  const [port] = (await freePorts(1)) as [number]
  const front = await startTcpProxy(port)
  const backs = await Promise.all(servers.map((server) => startTcpProxy(server.port)))
  const connectString = backs.map((back) => `127.0.0.1:${back.port}`).join(',')
  let run: Run
  const start = async () => {
    run = serveProcess(connectString, { ZOOGATE_PORT: String(port), ZOOGATE_LOG_LEVEL: 'error' })
    await run.listening()
  }
  await start()
  return {
    front,
    backs,
    freeze: () => stopProcess(run.process.pid as number),
    thaw: () => run.process.kill('SIGCONT'),
    kill: () => run.kill(),
    drain: async () => {
      run.process.kill('SIGTERM')
      await run.exit()
    },
    start,
    close: async () => {
      await run.kill()
      await Promise.all([front, ...backs].map((proxy) => proxy.close()))
    },
  }
}
