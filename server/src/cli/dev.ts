import { randomBytes } from 'node:crypto'
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
  const ensemble = await devEnsemble(zookeeper)
  const secret = randomBytes(32).toString('base64')
  const config = checkOptions({
    zookeeper: ensemble.connectString,
    jwt: { secret },
    access: 'open',
    resumeKeys: [randomBytes(32).toString('base64')],
    log: createLog('warn'),
  })
  const gateway = createCheckedGateway(config, boardHandler(secret))
  const address = await gateway.listen({ port: Number(port) }).catch(async (error: unknown) => {
    await ensemble.close()
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new ConfigError(`--port: ${port} is in use; give another, or 0 for any`)
  })
  drainOnSignal(gateway, () => ensemble.close())
  console.log(`zoogate listening on http://${address.host}:${address.port}`)
  console.log(
    `Open http://${address.host}:${address.port}/ in two windows to see each other. Ctrl-C stops it.`,
  )
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
