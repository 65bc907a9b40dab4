import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { ConfigError, checkOptions } from '../../config/options.js'
import { type DevEnsemble, startDevEnsemble } from '../../dev-ensemble/index.js'
import { createCheckedGateway } from '../../gateway/gateway.js'
import { createLog, type Log } from '../../telemetry/log.js'
import { drainOnSignal } from '../serve/serve.js'
import { boardHandler } from './board.js'
import { DevServer } from './dev-server.js'
import { Faults, faultHandler } from './faults.js'
import { Simulation, simulationHandler } from './simulation.js'

/** The smallest ensemble that survives the loss of a server. */
const SERVERS = 3

const IN_MEMORY =
  `ZooKeeper here is an in-memory ensemble of ${SERVERS} servers, for first runs and tests. It forgets everything at the` +
  ' end: never use it in production. For a real ensemble: --zookeeper HOST:PORT'

export interface DevFlags {
  port: string
  /** Connect string of a real ensemble. Without it: one in memory, with faults and simulated services. */
  zookeeper?: string
  /** Whether to open the board in a browser. */
  open?: boolean
}

/** Gateway, boards and demo tokens in one process, on loopback. */
export async function runDev({ port, zookeeper, open = false }: DevFlags): Promise<void> {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new ConfigError(`--port: "${port}" is not a port`)
  const log = createLog('warn')
  const url = zookeeper === undefined ? await runInMemory(port, log) : await listen({ port, zookeeper, log })
  console.log(`zoogate listening on ${url}`)
  console.log(
    `Open ${url}/ in two windows to see each other, ${url}/services to see services. Ctrl-C stops it.`,
  )
  if (zookeeper === undefined) console.log(IN_MEMORY)
  if (open) openBrowser(`${url}/`, log)
}

async function runInMemory(port: string, log: Log): Promise<string> {
  const ensemble = await startDevEnsemble({ servers: SERVERS })
  try {
    return await listen({ port, zookeeper: ensemble.connectString, log, inMemory: ensemble })
  } catch (error) {
    await ensemble.close()
    throw error
  }
}

interface DevSetup {
  port: string
  zookeeper: string
  log: Log
  inMemory?: DevEnsemble
}

/** @returns the address, `http://host:port` */
async function listen({ port, zookeeper, log, inMemory }: DevSetup): Promise<string> {
  const secret = randomBytes(32).toString('base64')
  const gateway = createCheckedGateway(
    checkOptions(
      {
        zookeeper,
        jwt: { secret },
        access: 'open',
        nodeAcl: 'open',
        resumeKeys: [randomBytes(32).toString('base64')],
        log,
      },
      (place) => `--${place}`,
    ),
  )
  const cutTab = (tab: string) => server.cutPages((upgrade) => tabOf(upgrade) === tab)
  const faults = inMemory && new Faults({ ensemble: inMemory, cutTab }, log)
  const simulation = inMemory ? new Simulation(zookeeper) : null
  const demos = {
    '/demo/services': simulationHandler(zookeeper, simulation, log),
    ...(faults && { '/demo/faults': faultHandler(faults, log) }),
  }
  const server = new DevServer(gateway, boardHandler({ secret, demos }))
  const bound = await server.listen(Number(port)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    throw new ConfigError(`--port: ${port} is in use; give another, or 0 for any`)
  })
  drainOnSignal(gateway, async () => {
    faults?.close()
    simulation?.close()
    await server.close()
    await inMemory?.close()
  })
  return `http://127.0.0.1:${bound}`
}

/** The board puts the name of its tab into the address of its WebSocket. */
function tabOf({ url = '' }: IncomingMessage): string | null {
  return new URLSearchParams(url.split('?', 2)[1]).get('tab')
}

const OPENERS: Partial<Record<NodeJS.Platform, [command: string, ...args: string[]]>> = {
  darwin: ['open'],
  // `start` belongs to the shell, and takes its first quoted argument for a title.
  win32: ['cmd', '/c', 'start', ''],
}

/** Opens the address in the default browser. A failure is only logged, because the address has been printed. */
function openBrowser(url: string, log: Pick<Log, 'warn'>): void {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  const failed = (reason: string) => log.warn({ command, reason }, `no browser opened; open ${url} yourself`)
  const opener = spawn(command, [...args, url], { stdio: 'ignore', detached: true })
  opener.once('error', ({ message }) => failed(message))
  opener.once('exit', (code) => {
    if (code !== 0) failed(`exit code ${code}`)
  })
  opener.unref()
}
