// A gateway with the settings of the environment and with limits that are no settings:
// node gateway-with-limits.mjs '{"helloTimeoutMs":20000}'
import { checkOptions } from '../../../server/dist/config/options.js'
import { readSettings } from '../../../server/dist/config/sources.js'
import { createCheckedGateway } from '../../../server/dist/gateway/gateway.js'

const settings = readSettings({ flags: {}, env: process.env })
const config = checkOptions(settings.gateway)
const limits = { ...config.limits, ...JSON.parse(process.argv[2]) }
const { host, port } = await createCheckedGateway({ ...config, limits }).listen(settings)
console.log(`zoogate listening on http://${host}:${port}`)
