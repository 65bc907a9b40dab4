import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SETTING_NAMES } from '../../../server/src/config/settings.js'
import { envName } from '../../../server/src/config/sources.js'
import { launchChromium, type TestBrowser } from '../../tools/chromium.js'
import { closeGateways, startGateway, token } from '../../tools/gateway/gateway-fixture.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'
import { Kazoo } from '../../tools/zookeeper/kazoo.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')

/** The first block of JavaScript. */
const EXAMPLE = /^```js\n([\s\S]*?)^```$/m.exec(README)?.[1] as string

describe('the README', () => {
  it('has an example of about fifteen lines', () => {
    expect(EXAMPLE.trim().split('\n').length).toBeLessThanOrEqual(16)
  })

  it('names every setting', () => {
    expect(SETTING_NAMES.map(envName).filter((name) => !README.includes(name))).toEqual([])
  })
})

describeWith(
  'zookeeper',
  'kazoo',
  'chromium',
)('the example in the README', () => {
  let ensemble: RealEnsemble
  let kazoo: Kazoo
  let chromium: TestBrowser
  beforeAll(async () => {
    ;[ensemble, chromium] = await Promise.all([realEnsemble(1), launchChromium()])
    kazoo = await Kazoo.connect(ensemble.connectString)
  })
  afterAll(async () => {
    await chromium?.close()
    await closeGateways()
    await kazoo?.close()
    await ensemble?.close()
  })

  it('runs in a page unchanged, except for the address of the gateway', async () => {
    const { outputFiles } = await build({
      stdin: { contents: EXAMPLE, resolveDir: new URL('.', import.meta.url).pathname },
      bundle: true,
      // As in a project that has installed the SDK: under node_modules its unneeded imports are no warnings.
      preserveSymlinks: true,
      format: 'esm',
      target: 'es2022',
      write: false,
    })
    const script = outputFiles[0]?.text as string
    const server = createServer((request, response) => {
      const html = '<!doctype html><script type="module" src="/page.js"></script>'
      if (request.url === '/token') response.end(token('ada'))
      else if (request.url === '/page.js') {
        response
          .setHeader('content-type', 'text/javascript')
          .end(script.replace('wss://gate.example/zoogate', url))
      } else response.setHeader('content-type', 'text/html').end(html)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { url } = await startGateway(ensemble.connectString, { allowedOrigins: [origin] })

    const page = await chromium.newPage('about:blank')
    const printed: string[] = []
    page.on('console', (message) => printed.push(message.text()))
    await page.goto(origin)
    await waitUntil('the page lists itself', () => printed.includes('here now: Ada'))
    const [name] = await kazoo.getChildren('/rooms/lobby')
    expect((await kazoo.get(`/rooms/lobby/${name}`)).text).toBe('{"name":"Ada"}')
    await kazoo.create('/rooms/lobby/grace', '{"name":"Grace"}', { ephemeral: true })
    await waitUntil('the page reports the other member', () => printed.includes('Grace came'))
    await kazoo.delete('/rooms/lobby/grace')
    await waitUntil('the page reports that the other member has left', () => printed.includes('Grace went'))
    server.closeAllConnections()
    server.close()
  })
})
