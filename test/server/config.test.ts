import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { envName, flagName, readSettings, SETTINGS, settingNames } from '../../server/src/config.js'
import { checkOptions, type GatewayOptions } from '../../server/src/options.js'

const folder = mkdtempSync(join(tmpdir(), 'zoogate-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const key = randomBytes(32).toString('base64')

describe('settings', () => {
  it('come from flags before variables before the file', () => {
    const configFile = file('a.json', JSON.stringify({ zookeeper: 'file:1', path: '/file', lingerMs: 1 }))
    const env = { ZOOGATE_PATH: '/env', ZOOGATE_LINGER_MS: '2', OTHER: 'x' }
    const settings = readSettings({ flags: { lingerMs: '3' }, env, configFile })
    expect(settings.gateway).toMatchObject({ zookeeper: 'file:1', path: '/env', lingerMs: 3 })
  })

  it('convert lists and numbers, and reach the limits', () => {
    const env = {
      ZOOGATE_ALLOWED_ORIGINS: 'https://a.example, https://b.example',
      ZOOGATE_MAX_WATCHES: '7',
      ZOOGATE_PORT: '0',
      ZOOGATE_LOG_LEVEL: 'debug',
    }
    const settings = readSettings({ flags: {}, env })
    expect(settings).toMatchObject({ port: 0, logLevel: 'debug' })
    expect(settings.gateway.allowedOrigins).toEqual(['https://a.example', 'https://b.example'])
    expect(settings.gateway.limits?.maxWatches).toBe(7)
  })

  it.each([
    [{ ZOOGATE_PORT: 'eighty' }, 'ZOOGATE_PORT (--port): "eighty" is not a whole number'],
    [{ ZOOGATE_PORT: '70000' }, 'ZOOGATE_PORT (--port)'],
    [{ ZOOGATE_LOG_LEVEL: 'loud' }, 'ZOOGATE_LOG_LEVEL (--log-level)'],
    [{ ZOOGATE_JWT_PUBLIC_KEY_FILE: '/nowhere/key.pem' }, 'ZOOGATE_JWT_PUBLIC_KEY_FILE'],
    [{ ZOOGATE_NO_SUCH_THING: '1' }, 'ZOOGATE_NO_SUCH_THING: there is no such setting'],
  ])('%j is refused by name', (env, message) => {
    expect(() => readSettings({ flags: {}, env })).toThrow(message)
  })

  it('of a file are refused when it is not JSON, no object, or has an unknown name', () => {
    const read = (configFile: string) => () => readSettings({ flags: {}, env: {}, configFile })
    expect(read(file('b.json', '{'))).toThrow('cannot be read as JSON')
    expect(read(file('c.json', '[]'))).toThrow('JSON object')
    expect(read(file('d.json', '{"prot": 1}'))).toThrow('unknown setting "prot"')
    expect(read(file('e.json', '{"__proto__": 1}'))).toThrow('unknown setting "__proto__"')
    expect(read(join(folder, 'none.json'))).toThrow('cannot be read')
  })

  it('have one name each as flag and variable', () => {
    expect(flagName('jwtPublicKeyFile')).toBe('jwt-public-key-file')
    expect(envName('jwtPublicKeyFile')).toBe('ZOOGATE_JWT_PUBLIC_KEY_FILE')
    expect(new Set(Object.keys(SETTINGS).map(envName)).size).toBe(Object.keys(SETTINGS).length)
  })
})

describe('gateway options', () => {
  const good: GatewayOptions = { zookeeper: '127.0.0.1:2181', jwt: { secret: 'x'.repeat(32) }, log: silent }

  it('are complete and frozen', () => {
    const config = checkOptions({ ...good, resumeKeys: [key] })
    expect(config).toMatchObject({ path: '/zoogate', access: 'rules', lingerMs: 3000 })
    expect(config.resumeKeys).toEqual([Buffer.from(key, 'base64')])
    expect(Object.isFrozen(config)).toBe(true)
  })

  it.each<[Partial<GatewayOptions>, string]>([
    [{ zookeeper: '' }, 'ZOOGATE_ZOOKEEPER (--zookeeper)'],
    [{ jwt: {} }, 'ZOOGATE_JWT_SECRET or ZOOGATE_JWT_PUBLIC_KEY_FILE: give exactly one'],
    [{ jwt: { secret: 'a', publicKey: 'b' } }, 'give exactly one'],
    [
      { jwt: { secret: '-----BEGIN PUBLIC KEY-----' } },
      'ZOOGATE_JWT_SECRET (--jwt-secret): this is a public key',
    ],
    [{ resumeKeys: ['short'] }, 'ZOOGATE_RESUME_KEYS (--resume-keys)'],
    [{ lingerMs: -1 }, 'ZOOGATE_LINGER_MS (--linger-ms)'],
    [{ path: 'x' }, 'ZOOGATE_PATH (--path)'],
    [{ limits: { maxWatches: 0 } }, 'ZOOGATE_MAX_WATCHES (--max-watches)'],
  ])('%j are refused by name', (bad, message) => {
    expect(() => checkOptions({ ...good, ...bad }, settingNames)).toThrow(message)
  })

  it('warn about an open allow-list, a short secret and missing resume keys', () => {
    const warnings: string[] = []
    const log = { ...silent, warn: (_: object, text: string) => warnings.push(text) }
    checkOptions({ ...good, jwt: { secret: 'short' }, allowedOrigins: ['*'], log })
    expect(warnings.map((text) => text.split(':')[0])).toEqual([
      'no resume keys',
      'every origin is allowed',
      'the token secret is shorter than 32 characters and can be guessed',
    ])
  })
})
