import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { checkOptions, type GatewayOptions } from '../../../../server/src/config/options.js'
import { readSettings, settingNames } from '../../../../server/src/config/sources.js'

const folder = mkdtempSync(join(tmpdir(), 'zoogate-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const key = randomBytes(32).toString('base64')

describe('the settings', () => {
  it('come from flags before variables before the file', () => {
    const configFile = file('a.json', JSON.stringify({ zookeeper: 'file:1', path: '/file', lingerMs: 1 }))
    const env = { ZOOGATE_PATH: '/env', ZOOGATE_LINGER_MS: '2', OTHER: 'x' }
    const settings = readSettings({ flags: { lingerMs: '3' }, env, configFile })
    expect(settings.gateway).toMatchObject({ zookeeper: 'file:1', path: '/env', lingerMs: 3 })
  })

  it('are converted to lists and numbers, and reach the limits', () => {
    const env = {
      ZOOGATE_ALLOWED_ORIGINS: 'https://a.example, https://b.example',
      ZOOGATE_MAX_CALLS_IN_FLIGHT: '7',
      ZOOGATE_PORT: '0',
      ZOOGATE_LOG_LEVEL: 'debug',
    }
    const settings = readSettings({ flags: {}, env })
    expect(settings).toMatchObject({ port: 0, logLevel: 'debug' })
    expect(settings.gateway.allowedOrigins).toEqual(['https://a.example', 'https://b.example'])
    expect(settings.gateway.limits?.maxCallsInFlight).toBe(7)
  })

  it.each([
    [{ ZOOGATE_PORT: 'eighty' }, 'ZOOGATE_PORT (--port): "eighty" is not a whole number'],
    [{ ZOOGATE_PORT: '70000' }, 'ZOOGATE_PORT (--port)'],
    [{ ZOOGATE_LOG_LEVEL: 'loud' }, 'ZOOGATE_LOG_LEVEL (--log-level)'],
    [{ ZOOGATE_JWT_PUBLIC_KEY_FILE: '/nowhere/key.pem' }, 'ZOOGATE_JWT_PUBLIC_KEY_FILE'],
    [{ ZOOGATE_NO_SUCH_THING: '1' }, 'ZOOGATE_NO_SUCH_THING: there is no such setting'],
    [
      { ZOOGATE_HELLO_TIMEOUT_MS: '1', ZOOGATE_MAX_VIEWS: '1' },
      'ZOOGATE_HELLO_TIMEOUT_MS, ZOOGATE_MAX_VIEWS: there',
    ],
  ])('are refused by name: %j', (env, message) => {
    expect(() => readSettings({ flags: {}, env })).toThrow(message)
  })

  it('are refused all at once', () => {
    const env = { ZOOGATE_PORT: '70000', ZOOGATE_LINGER_MS: 'x', ZOOGATE_READ_ONLY: 'yes' }
    expect(() => readSettings({ flags: {}, env })).toThrow(
      /^ZOOGATE_LINGER_MS .*\nZOOGATE_READ_ONLY .*\nZOOGATE_PORT /,
    )
  })

  it('accept rules as JSON from a file, the configuration or a variable, but from one of them only', () => {
    const rules = [{ path: '/rooms/**', allow: ['read'] }]
    const read = (env: object, configFile?: string) =>
      readSettings({ flags: {}, env: { ...env }, configFile }).gateway.rules
    const rulesFile = file('rules.json', JSON.stringify(rules))
    expect(read({ ZOOGATE_RULES_FILE: rulesFile })).toEqual(rules)
    expect(read({ ZOOGATE_RULES: JSON.stringify(rules) })).toEqual(rules)
    expect(read({}, file('f.json', JSON.stringify({ rules })))).toEqual(rules)
    expect(read({}, file('g.json', JSON.stringify({ rulesFile })))).toEqual(rules)
    expect(() => read({ ZOOGATE_RULES_FILE: rulesFile }, file('f.json', JSON.stringify({ rules })))).toThrow(
      'ZOOGATE_RULES (--rules), ZOOGATE_RULES_FILE (--rules-file): give one of them',
    )
    expect(() => read({ ZOOGATE_RULES_FILE: file('h.json', '[{') })).toThrow(
      'ZOOGATE_RULES_FILE (--rules-file): this is no JSON',
    )
    expect(() => read({ ZOOGATE_RULES_FILE: '/nowhere/rules.json' })).toThrow(
      'ZOOGATE_RULES_FILE (--rules-file)',
    )
  })

  it('list the trusted proxies, and each must be an address or a network', () => {
    const { gateway } = readSettings({
      flags: {},
      env: {
        ZOOGATE_ZOOKEEPER: 'zk:2181',
        ZOOGATE_JWT_SECRET: key,
        ZOOGATE_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
      },
    })
    expect(checkOptions({ ...gateway, log: silent }).trustedProxies).toEqual(['10.0.0.0/8', '::1'])
    const wrong = { ...gateway, trustedProxies: ['::1', 'proxy.example'], log: silent }
    expect(() => checkOptions(wrong, settingNames)).toThrow(
      'ZOOGATE_TRUSTED_PROXIES (--trusted-proxies): give an address or a network',
    )
  })

  it('are refused from a file that is no JSON, no object, or has an unknown name', () => {
    const read = (configFile: string) => () => readSettings({ flags: {}, env: {}, configFile })
    expect(read(file('b.json', '{'))).toThrow('cannot be read as JSON')
    expect(read(file('c.json', '[]'))).toThrow('JSON object')
    expect(read(file('d.json', '{"prot": 1}'))).toThrow('unknown setting "prot"')
    expect(read(file('e.json', '{"__proto__": 1}'))).toThrow('unknown setting "__proto__"')
    expect(read(join(folder, 'none.json'))).toThrow('cannot be read')
  })
})

describe('the gateway options', () => {
  const good: GatewayOptions = { zookeeper: '127.0.0.1:2181', jwt: { secret: 'x'.repeat(32) }, log: silent }

  it('are complete and frozen', () => {
    const config = checkOptions({ ...good, resumeKeys: [key] })
    expect(config).toMatchObject({ path: '/zoogate', access: 'rules', lingerMs: 3000 })
    expect(config.resumeKeys).toEqual([Buffer.from(key, 'base64')])
    expect(config).toMatchObject({ nodeAcl: 'open', rules: [] })
    expect(checkOptions({ ...good, identitySecret: 'i'.repeat(32) }).nodeAcl).toBe('creator_read')
    expect(checkOptions({ ...good, identitySecret: 'i'.repeat(32), nodeAcl: 'open' }).nodeAcl).toBe('open')
    expect(Object.isFrozen(config)).toBe(true)
  })

  it.each<[Partial<GatewayOptions>, string]>([
    [{ zookeeper: '' }, 'ZOOGATE_ZOOKEEPER (--zookeeper)'],
    [{ jwt: {} }, 'ZOOGATE_JWT_SECRET, ZOOGATE_JWT_PUBLIC_KEY_FILE or ZOOGATE_JWKS_URL: give exactly one'],
    [{ jwt: { secret: 'a', publicKey: 'b' } }, 'give exactly one'],
    [{ jwt: { secret: 'a', jwksUrl: 'https://idp.example/keys' } }, 'give exactly one'],
    [{ jwt: { jwksUrl: 'idp.example/keys' } }, 'ZOOGATE_JWKS_URL (--jwks-url): give the address'],
    [{ jwt: { jwksUrl: 'http://idp.example/keys' } }, 'ZOOGATE_JWKS_URL (--jwks-url): give an https address'],
    [{ jwt: { jwksUrl: 'http://127.0.0.1.example/' } }, 'give an https address'],
    [{ jwt: { jwksUrl: 'ftp://127.0.0.1/keys' } }, 'give the address of a key set'],
    [{ jwt: { jwksUrl: 'https://me@idp.example/keys' } }, 'leave out the name and password'],
    [{ jwt: { jwksUrl: 'https://:x@idp.example/keys' } }, 'leave out the name and password'],
    [{ cookie: 'a b' }, 'ZOOGATE_COOKIE (--cookie): this is no name'],
    [
      { cookie: '__Host-zoogate', allowedOrigins: ['https://a.example', '*'] },
      'ZOOGATE_COOKIE (--cookie) and ZOOGATE_ALLOWED_ORIGINS (--allowed-origins): with a cookie, every origin',
    ],
    [
      { adminToken: 'x'.repeat(31) },
      'ZOOGATE_ADMIN_TOKEN (--admin-token): give at least 32 random characters',
    ],
    [
      { jwt: { secret: '-----BEGIN PUBLIC KEY-----' } },
      'ZOOGATE_JWT_SECRET (--jwt-secret): this is a public key',
    ],
    [{ resumeKeys: ['short'] }, 'ZOOGATE_RESUME_KEYS (--resume-keys)'],
    [{ lingerMs: -1 }, 'ZOOGATE_LINGER_MS (--linger-ms)'],
    [{ path: 'x' }, 'ZOOGATE_PATH (--path)'],
    [{ limits: { maxCallsInFlight: 0 } }, 'ZOOGATE_MAX_CALLS_IN_FLIGHT (--max-calls-in-flight)'],
    [
      {
        rules: [
          { path: '/a', allow: ['read'] },
          { path: '/a/**/b', allow: ['read'] },
        ],
      },
      'ZOOGATE_RULES (--rules) or ZOOGATE_RULES_FILE (--rules-file), rules.1.path: the pattern "/a/**/b": a part holds',
    ],
    [
      { access: 'open', rules: [{ path: '/a', allow: ['read'] }] },
      'ZOOGATE_ACCESS (--access): open allows everything',
    ],
    [
      { identitySecret: 'i'.repeat(31) },
      'ZOOGATE_IDENTITY_SECRET (--identity-secret): give at least 32 random characters',
    ],
    [{ nodeAcl: 'creator' }, 'ZOOGATE_NODE_ACL (--node-acl): creator needs creators'],
    [{ nodeAcl: 'creator_read' }, 'set ZOOGATE_IDENTITY_SECRET (--identity-secret)'],
  ])('are refused by name: %j', (bad, message) => {
    expect(() => checkOptions({ ...good, ...bad }, settingNames)).toThrow(message)
  })

  it.each([
    'https://idp.example/keys',
    'http://127.0.0.1:8080/keys',
    'http://localhost/keys',
    'http://[::1]:1/k',
  ])('accept the key set at %s', (jwksUrl) => {
    expect(checkOptions({ ...good, jwt: { jwksUrl } }).jwt.jwksUrl).toBe(jwksUrl)
  })

  it('accept a cookie with exact origins or none, and a long administrator token', () => {
    const adminToken = 'x'.repeat(32)
    expect(checkOptions({ ...good, cookie: 'jwt', adminToken })).toMatchObject({ cookie: 'jwt', adminToken })
    const allowedOrigins = ['https://a.example']
    expect(checkOptions({ ...good, cookie: 'jwt', allowedOrigins }).allowedOrigins).toEqual(allowedOrigins)
  })

  it('warn about an open allow-list, a short secret, missing resume keys and open nodes', () => {
    const warnings: string[] = []
    const log = { ...silent, warn: (_: object, text: string) => warnings.push(text) }
    checkOptions({ ...good, jwt: { secret: 'short' }, allowedOrigins: ['*'], log })
    expect(warnings.map((text) => text.split(':')[0])).toEqual([
      'no resume keys',
      'every origin is allowed',
      'the token secret is shorter than 32 characters and can be guessed',
      'no identity secret',
    ])
    warnings.length = 0
    checkOptions({ ...good, resumeKeys: [key], nodeAcl: 'open', log })
    checkOptions({ ...good, resumeKeys: [key], identitySecret: 'i'.repeat(32), log })
    expect(warnings).toEqual([])
  })
})
