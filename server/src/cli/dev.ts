import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createCheckedGateway } from '../gateway.js'
import { createLog } from '../log.js'
import { ConfigError, checkOptions } from '../options.js'
import { boardHandler } from './board.js'
import { findZooKeeper, HOW_TO_INSTALL_ZOOKEEPER } from './find-zookeeper.js'
import { fourLetterWord } from './four-letter-word.js'
import { startLocalZooKeeper } from './local-zookeeper.js'
import { drainOnSignal } from './serve.js'

const USUAL_PORT = 2181

/** An ensemble, and how to end what was started for it. */
interface DevEnsemble {
  connectString: string
  close(): Promise<void>
}

/** Gateway, presence board and demo tokens in one process, on loopback. */
export async function runDev({ port, zookeeper }: { port: string; zookeeper?: string }): Promise<void> {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new ConfigError(`--port: "${port}" is not a port`)
  const secret = randomBytes(32).toString('base64')
  const board = boardHandler(secret)
  const ensemble = await devEnsemble(zookeeper)
  const config = checkOptions({
    zookeeper: ensemble.connectString,
    jwt: { secret },
    access: 'open',
    resumeKeys: [randomBytes(32).toString('base64')],
    log: createLog('warn'),
  })
  const gateway = createCheckedGateway(config)
  const server = createServer((request, response) => {
    if (!gateway.handleRequest(request, response)) board(request, response)
  })
  server.on('upgrade', gateway.handleUpgrade)
  const url = await listen(server, Number(port)).catch(async (error: unknown) => {
    await ensemble.close()
    throw error
  })
  drainOnSignal(gateway, async () => {
    server.closeAllConnections()
    await ensemble.close()
  })
  console.log(`zoogate listening on ${url}`)
  console.log(`Open ${url}/ in two windows to see each other. Ctrl-C stops it.`)
}

/** On loopback only: whoever gets here gets a token. */
async function listen(server: Server, port: number): Promise<string> {
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new ConfigError(`--port: ${port} is in use; give another, or 0 for any`)
  }
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function devEnsemble(zookeeper: string | undefined): Promise<DevEnsemble> {
  const nothing = async () => {}
  if (zookeeper !== undefined) return { connectString: zookeeper, close: nothing }
  const usual = `127.0.0.1:${USUAL_PORT}`
  const running = await fourLetterWord(USUAL_PORT, 'srvr').then(
    (answer) => answer !== '',
    () => false,
  )
  if (running) {
    console.log(`Using the ZooKeeper on ${usual}.`)
    return { connectString: usual, close: nothing }
  }
  if (findZooKeeper() === null) {
    throw new ConfigError(`no ZooKeeper on ${usual} and none installed here. ${HOW_TO_INSTALL_ZOOKEEPER}`)
  }
  console.log(`No ZooKeeper on ${usual}; starting the installed one with a temporary folder …`)
  return startLocalZooKeeper()
}
