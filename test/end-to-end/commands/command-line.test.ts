import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import jwt from 'jsonwebtoken'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CLOSE_CODES } from 'zoogate-client/protocol'
import { SECRET, token } from '../../tools/gateway/gateway-fixture.js'
import { endRuns, run, serveProcess, webSocketOf } from '../../tools/gateway/gateway-process.js'
import { RawPage } from '../../tools/gateway/raw-page.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'

afterEach(endRuns)

describe('zoogate serve', () => {
  it.each<[Record<string, string>, string]>([
    [{}, 'ZOOGATE_ZOOKEEPER (--zookeeper): missing'],
    [
      { ZOOGATE_ZOOKEEPER: '127.0.0.1' },
      'ZOOGATE_JWT_SECRET, ZOOGATE_JWT_PUBLIC_KEY_FILE or ZOOGATE_JWKS_URL',
    ],
    [{ ZOOGATE_ZOOKEEPER: 'a:b', ZOOGATE_JWT_SECRET: SECRET }, 'ZOOGATE_ZOOKEEPER (--zookeeper)'],
    [
      { ZOOGATE_ZOOKEEPER: 'a', ZOOGATE_JWT_SECRET: SECRET, ZOOGATE_RESUME_KEYS: 'abc' },
      'ZOOGATE_RESUME_KEYS',
    ],
    [{ ZOOGATE_ZOOKEEPER: 'a', ZOOGATE_JWT_SECRET: SECRET, ZOOGATE_ACCESS: 'all' }, 'ZOOGATE_ACCESS'],
    [{ ZOOGATE_ZOOKEEPER: 'a', ZOOGATE_JWT_SECRET: SECRET, ZOOGATE_PROT: '1' }, 'ZOOGATE_PROT'],
    [
      { ZOOGATE_ZOOKEEPER: 'memory', ZOOGATE_JWT_SECRET: SECRET },
      'ZOOGATE_ZOOKEEPER (--zookeeper): "memory"',
    ],
    [{ ZOOGATE_ZOOKEEPER: 'In-Memory', ZOOGATE_JWT_SECRET: SECRET }, 'is for `zoogate dev` only'],
    [{ ZOOGATE_ZOOKEEPER: 'dev', ZOOGATE_JWT_SECRET: SECRET }, 'is for `zoogate dev` only'],
  ])('refuses to start with %j and names %s', async (env, message) => {
    const started = run(['serve', '--port', '0'], env)
    expect(await started.exit()).toBe(1)
    expect(started.stderr).toContain(message)
    expect(started.stderr).not.toContain('    at ')
    expect(started.stderr).not.toContain(SECRET)
  })
})

describe('zoogate dev without --zookeeper', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'path-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const openPage = async (http: string) => {
    const { token: bearer } = (await (await fetch(`${http}/demo/token`)).json()) as { token: string }
    return RawPage.connect(webSocketOf(http), { token: bearer }, { origin: http })
  }

  it('needs nothing but Node, and says that its ensemble forgets everything and is not for production', async () => {
    symlinkSync(process.execPath, join(folder, 'node'))
    const dev = run(['dev', '--port', '0'], { PATH: folder })
    const http = await dev.listening()
    expect(dev.stdout).toMatch(
      /in-memory.*first runs and tests.*forgets everything.*never use it in production/,
    )
    const page = await openPage(http)
    expect(await page.session()).toMatchObject({ resumed: false, timeoutMs: 10_000 })
    expect(await page.call('create', { path: '/a', mode: 'ephemeral' })).toMatchObject({
      result: { path: '/a' },
    })
    expect(dev.stderr).toBe('')
  })

  it('ends at once on SIGTERM, also while every server is stopped', async () => {
    const dev = run(['dev', '--port', '0'])
    const http = await dev.listening()
    const page = await openPage(http)
    const { id } = await page.session()
    const pressed = await fetch(`${http}/demo/faults`, {
      method: 'POST',
      headers: { origin: http, 'content-type': 'application/json' },
      body: JSON.stringify({ fault: 'stop-ensemble', session: id, tab: 'ab' }),
    })
    expect(pressed.status).toBe(204)
    await page.next(({ type }) => type === 'suspended')
    dev.process.kill('SIGTERM')
    expect(await page.closed()).toBe(CLOSE_CODES.DRAINING)
    expect(await dev.exit()).toBe(0)
  })

  it('opens the board in the browser with --open', async () => {
    const opened = join(folder, 'opened')
    for (const name of ['xdg-open', 'open']) {
      writeFileSync(join(folder, name), `#!/bin/sh\necho "$1" > ${opened}\n`, { mode: 0o755 })
    }
    const http = await run(['dev', '--port', '0', '--open'], { PATH: folder }).listening()
    await waitUntil('it is opened', () => existsSync(opened) && readFileSync(opened, 'utf8') === `${http}/\n`)
  })

  it.each<[string, () => void]>([
    ['is missing', () => {}],
    ['fails', () => writeFileSync(join(folder, 'xdg-open'), '#!/bin/sh\nexit 3\n', { mode: 0o755 })],
  ])('goes on with a line in the log when the opener %s', async (_, prepare) => {
    prepare()
    const dev = run(['dev', '--port', '0', '--open'], { PATH: folder })
    const http = await dev.listening()
    await waitUntil('the log says so', () => dev.stderr.includes(`no browser opened; open ${http}/ yourself`))
    expect((await fetch(`${http}/`)).status).toBe(200)
  })
})

describe('zoogate token', () => {
  it('prints a token with its claims', async () => {
    const started = run(
      ['token', '--sub', 'ada', '--ttl', '15m', '--claim', 'zk={"chroot":"/t"}', '--claim', 'name=Ada'],
      { ZOOGATE_JWT_SECRET: SECRET },
    )
    expect(await started.exit()).toBe(0)
    const claims = jwt.verify(started.stdout.trim(), SECRET) as jwt.JwtPayload
    expect(claims).toMatchObject({ sub: 'ada', zk: { chroot: '/t' }, name: 'Ada' })
    expect((claims.exp as number) - (claims.iat as number)).toBe(900)
  })

  it('names the argument that is wrong', async () => {
    const bad = [
      ['--ttl', 'soon'],
      ['--claim', 'nothing'],
    ]
    for (const args of bad) {
      const started = run(['token', '--sub', 'ada', ...args], { ZOOGATE_JWT_SECRET: SECRET })
      expect(await started.exit()).toBe(1)
      expect(started.stderr).toContain(args[0])
    }
    const unsigned = run(['token', '--sub', 'ada'])
    expect(await unsigned.exit()).toBe(1)
    expect(unsigned.stderr).toContain('ZOOGATE_JWT_SECRET')
  })
})

describeWith('zookeeper')('a gateway process', () => {
  let ensemble: RealEnsemble
  beforeAll(async () => {
    ensemble = await realEnsemble(1)
  })
  afterAll(() => ensemble.close())

  const serve = () => serveProcess(ensemble.connectString)

  it('drains on SIGTERM, exits with 0, and its sessions resume on another gateway', async () => {
    const [one, two] = [serve(), serve()]
    const page = await RawPage.connect(webSocketOf(await one.listening()), { token: token() })
    const { id } = await page.session()
    one.process.kill('SIGTERM')
    expect(await page.closed()).toBe(CLOSE_CODES.DRAINING)
    expect(await one.exit()).toBe(0)
    const back = await RawPage.connect(webSocketOf(await two.listening()), {
      token: token(),
      resume: await page.resume(),
    })
    expect(await back.session()).toMatchObject({ id, resumed: true })
  })

  it('serves the board with demo tokens on loopback only when it runs as zoogate dev', async () => {
    const dev = run(['dev', '--port', '0', '--zookeeper', ensemble.connectString])
    const http = await dev.listening()
    expect(new URL(http).hostname).toBe('127.0.0.1')
    expect(await (await fetch(`${http}/`)).text()).toContain('<title>')
    const first = await fetch(`${http}/demo/token`)
    const { sub, token: bearer } = (await first.json()) as { sub: string; token: string }
    const cookie = (first.headers.get('set-cookie') ?? '').split(';')[0] as string
    const again = await fetch(`${http}/demo/token`, { headers: { cookie } })
    expect(await again.json()).toMatchObject({ sub })
    const page = await RawPage.connect(webSocketOf(http), { token: bearer }, { origin: http })
    expect((await page.session()).resumed).toBe(false)
    expect(dev.stdout).not.toContain('in-memory')
    expect((await fetch(`${http}/demo/faults`)).status).toBe(404)
    const foreign = await RawPage.open(webSocketOf(http), { origin: 'https://evil.example' })
    expect(await foreign.closed()).toBe(CLOSE_CODES.ORIGIN_REFUSED)
  })
})
