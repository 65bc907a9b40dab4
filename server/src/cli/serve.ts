import { readSettings, settingNames } from '../config.js'
import { createCheckedGateway, type Gateway } from '../gateway.js'
import { createLog } from '../log.js'
import { ConfigError, checkOptions } from '../options.js'

/** Runs the gateway until it is told to stop. */
export async function runServe(flags: Record<string, unknown>): Promise<void> {
  const configFile = typeof flags.config === 'string' ? flags.config : undefined
  const settings = readSettings({ flags, env: process.env, configFile })
  if (settings.gateway.zookeeper === undefined) {
    throw new ConfigError(`${settingNames('zookeeper')}: missing; give host:port of the ensemble`)
  }
  refuseInMemory(settings.gateway.zookeeper)
  const config = checkOptions({ ...settings.gateway, log: createLog(settings.logLevel) }, settingNames)
  const gateway = createCheckedGateway(config)
  const { host, port } = await gateway.listen({ host: settings.host, port: settings.port })
  drainOnSignal(gateway)
  console.log(`zoogate listening on http://${host}:${port}`)
}

/** The first signal drains, a second one ends the process at once. */
export function drainOnSignal(gateway: Gateway, afterwards: () => Promise<void> = async () => {}): void {
  const stop = async () => {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal)
    await gateway.drain()
    await gateway.close()
    await afterwards()
    process.exit(0)
  }
  const onSignal = () => void stop()
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
}

/** As host names these would be dialled in vain; whoever writes them expects what `zoogate dev` has. */
function refuseInMemory(zookeeper: string): void {
  if (!/^(dev|memory|in-memory)$/i.test(zookeeper.trim())) return
  throw new ConfigError(
    `${settingNames('zookeeper')}: "${zookeeper}" is no ensemble; the in-memory one is for \`zoogate dev\` only. ` +
      'Give host:port, also for a host of that name',
  )
}
