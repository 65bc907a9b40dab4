import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findZooKeeper, HOW_TO_INSTALL_ZOOKEEPER, type InstalledZooKeeper } from './find-zookeeper.js'
import { freePorts } from './free-ports.js'
import { type OrphanGuard, startOrphanGuard } from './orphan-guard.js'
import { ServerEndedError, ZooKeeperProcess } from './zookeeper-process.js'

export interface LocalZooKeeperOptions {
  /** @default 1 */
  servers?: 1 | 3
  /**
   * Milliseconds. Session timeouts are held between 2 and 20 ticks, expiry is late by up to one.
   * @default 500
   */
  tickTimeMs?: number
  /** Kept at close. @default a temporary folder, removed at close. */
  dataDir?: string
  /** Lines of the servers' configuration, added to or replacing the usual ones. */
  extraConfig?: Record<string, string | number>
  /** Megabytes for each server's Java heap. @default 256 */
  jvmHeapMb?: number
}

/** Real ZooKeeper servers on loopback. They end with this process, however it ends. */
export interface LocalZooKeeper {
  /** All servers, as `host:port,host:port`. */
  readonly connectString: string
  readonly servers: readonly ZooKeeperProcess[]
  /** Kills the servers and removes the temporary folder. */
  close(): Promise<void>
}

/** Ports are picked, not held, until the servers listen; losing three in a row to others is no accident. */
const MAX_ATTEMPTS = 3

/**
 * Starts an installed Apache ZooKeeper and waits until every server serves.
 *
 * @throws when none is installed, with what to do, or when a server does not come up, with the end of its log.
 */
export async function startLocalZooKeeper(options: LocalZooKeeperOptions = {}): Promise<LocalZooKeeper> {
  const installed = findZooKeeper()
  if (installed === null) throw new Error(`no Apache ZooKeeper found here. ${HOW_TO_INSTALL_ZOOKEEPER}`)
  for (let attempt = 1; ; attempt++) {
    const ensemble = await layOut(installed, options)
    try {
      await Promise.all(ensemble.servers.map((server) => server.start()))
      return ensemble
    } catch (error) {
      await ensemble.close()
      if (attempt === MAX_ATTEMPTS || !(error instanceof ServerEndedError)) throw error
    }
  }
}

/** Writes the folders of an ensemble on free ports and gives its servers, not yet started. */
async function layOut(
  installed: InstalledZooKeeper,
  options: LocalZooKeeperOptions,
): Promise<LocalZooKeeper> {
  const folder = options.dataDir ?? mkdtempSync(join(tmpdir(), 'zoogate-zookeeper-'))
  const guard = startOrphanGuard(options.dataDir === undefined ? folder : null)
  const members = await memberPorts(options.servers ?? 1)
  const servers = members.map(({ client }, index) => {
    const own = join(folder, `server-${index + 1}`)
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, 'myid'), `${index + 1}\n`)
    const configFile = join(own, 'zoo.cfg')
    writeFileSync(configFile, configText(own, client, members, options))
    const jvmHeapMb = options.jvmHeapMb ?? 256
    const onPidChange = () => guardRunning(guard, servers)
    const logFile = join(own, 'server.log')
    return new ZooKeeperProcess({ ...installed, port: client, configFile, logFile, jvmHeapMb, onPidChange })
  })
  return {
    connectString: servers.map(({ port }) => `127.0.0.1:${port}`).join(','),
    servers,
    close: async () => {
      await Promise.all(servers.map((server) => server.kill()))
      await guard.release()
    },
  }
}

function guardRunning(guard: OrphanGuard, servers: ZooKeeperProcess[]): void {
  guard.guard(servers.map(({ pid }) => pid).filter((pid) => pid !== null))
}

interface MemberPorts {
  client: number
  quorum: number
  election: number
}

async function memberPorts(count: number): Promise<MemberPorts[]> {
  const ports = await freePorts(count * 3)
  return Array.from({ length: count }, (_, index) => {
    const [client, quorum, election] = ports.slice(index * 3) as [number, number, number]
    return { client, quorum, election }
  })
}

function configText(
  dataDir: string,
  clientPort: number,
  members: MemberPorts[],
  { tickTimeMs = 500, extraConfig = {} }: LocalZooKeeperOptions,
): string {
  const settings: Record<string, string | number> = {
    dataDir,
    clientPort,
    clientPortAddress: '127.0.0.1',
    tickTime: tickTimeMs,
    // The default of 50 drops bursts of connections, which then stall for a second.
    clientPortListenBacklog: 4096,
    // Every session of a gateway comes from one address; the default allows 60.
    maxClientCnxns: 0,
    'admin.enableServer': 'false',
    '4lw.commands.whitelist': '*',
    initLimit: 10,
    syncLimit: 5,
    ...extraConfig,
  }
  if (members.length > 1) {
    for (const [index, { quorum, election }] of members.entries()) {
      settings[`server.${index + 1}`] = `127.0.0.1:${quorum}:${election}`
    }
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}
