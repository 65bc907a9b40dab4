import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { ConfigError, checkOptions, type GatewayConfig } from '../../config/options.js'
import { readSettings, type Settings, settingNames } from '../../config/sources.js'
import { createCheckedGateway, type Gateway } from '../../gateway/gateway.js'
import { createAdminServer } from '../../revocation/admin.js'
import { createLog } from '../../telemetry/log.js'

/** Runs the gateway until a signal ends it. */
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
  if (config.adminToken !== undefined) await listenForAdmin(gateway, config, config.adminToken, settings)
  drainOnSignal(gateway)
  console.log(`zoogate listening on http://${host}:${port}`)
}

/** On an address of its own: a mistake in the pages' proxy cannot open it to the internet. */
async function listenForAdmin(
  gateway: Gateway,
  { log }: GatewayConfig,
  token: string,
  { adminHost, adminPort }: Settings,
): Promise<void> {
  const server = createAdminServer(token, (options) => gateway.revoke(options), log)
  server.listen(adminPort, adminHost)
  try {
    await once(server, 'listening')
  } catch (error) {
    await gateway.close()
    const names = `${settingNames('adminHost')}, ${settingNames('adminPort')}`
    throw new ConfigError(`${names}: ${(error as Error).message}`)
  }
  const { address, port, family } = server.address() as AddressInfo
  console.log(`zoogate admin on http://${family === 'IPv6' ? `[${address}]` : address}:${port}`)
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

/** Hosts with these names hardly exist; they ask for the ensemble of `zoogate dev`. */
function refuseInMemory(zookeeper: string): void {
  if (!/^(dev|memory|in-memory)$/i.test(zookeeper.trim())) return
  throw new ConfigError(
    `${settingNames('zookeeper')}: "${zookeeper}" is no ensemble; the ensemble in memory is for \`zoogate dev\` only. ` +
      'Give host:port, also for a host of that name',
  )
}
