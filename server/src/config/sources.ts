import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { DEFAULT_LIMITS } from '../limits/limits.js'
import { LOG_LEVELS } from '../telemetry/log.js'
import { ConfigError, type GatewayOptions } from './options.js'

// Every setting has one name: `lingerMs` in a file, --linger-ms as a flag, ZOOGATE_LINGER_MS as a variable.
// Flags win over variables, variables over the file.

/** `file`, `jsonFile`: the setting is a path, and what counts is the text of that file, or the value in it. */
type Kind = 'text' | 'number' | 'list' | 'boolean' | 'file' | 'json' | 'jsonFile'

interface Setting {
  kind: Kind
  help: string
  /** Its place in the options of the library; none for what only the process needs. */
  place?: string
}

const LIMIT_SETTINGS = Object.fromEntries(
  Object.keys(DEFAULT_LIMITS).map((name): [string, Setting] => [
    name,
    {
      kind: 'number',
      place: `limits.${name}`,
      help: `limit; default ${DEFAULT_LIMITS[name as keyof typeof DEFAULT_LIMITS]}`,
    },
  ]),
)

export const SETTINGS: Readonly<Record<string, Setting>> = {
  zookeeper: { kind: 'text', place: 'zookeeper', help: 'connect string: host:port,host:port/chroot' },
  zookeeperTls: { kind: 'boolean', place: 'tls.enabled', help: 'true: TLS to the ensemble; default false' },
  zookeeperTlsCaFile: {
    kind: 'file',
    place: 'tls.ca',
    help: 'PEM file with the authorities of the servers; default those of Node.js',
  },
  zookeeperTlsCertFile: { kind: 'file', place: 'tls.cert', help: 'PEM file with the client certificate' },
  zookeeperTlsKeyFile: { kind: 'file', place: 'tls.key', help: 'PEM file with its private key' },
  zookeeperTlsKeyPassphrase: { kind: 'text', place: 'tls.passphrase', help: 'passphrase of that key' },
  zookeeperTlsServername: {
    kind: 'text',
    place: 'tls.servername',
    help: 'name that the certificates of the servers are for; default the host of each',
  },
  readOnly: {
    kind: 'boolean',
    place: 'readOnly',
    help: 'true: attach to servers without a quorum too; default false',
  },
  host: { kind: 'text', help: 'address to listen on; default 127.0.0.1' },
  port: { kind: 'number', help: 'port to listen on, 0 for any; default 8080' },
  path: { kind: 'text', place: 'path', help: 'path of the WebSocket; default /zoogate' },
  jwtSecret: { kind: 'text', place: 'jwt.secret', help: 'HS256 secret of the tokens' },
  jwtPublicKeyFile: {
    kind: 'file',
    place: 'jwt.publicKey',
    help: 'PEM file with the RSA or P-256 public key of the tokens',
  },
  jwksUrl: {
    kind: 'text',
    place: 'jwt.jwksUrl',
    help: 'https address of the JSON Web Key Set of the tokens',
  },
  jwtAlgorithms: {
    kind: 'list',
    place: 'jwt.algorithms',
    help: 'accepted algorithms; default what the key is for',
  },
  jwtAudience: { kind: 'text', place: 'jwt.audience', help: 'audience that tokens must have' },
  jwtIssuer: { kind: 'text', place: 'jwt.issuer', help: 'issuer that tokens must have' },
  jwtClockToleranceS: {
    kind: 'number',
    place: 'jwt.clockToleranceS',
    help: 'seconds by which clocks may differ; default 5',
  },
  resumeKeys: {
    kind: 'list',
    place: 'resumeKeys',
    help: 'keys of the resume tokens, 32 bytes in base64 each; the first seals',
  },
  allowedOrigins: {
    kind: 'list',
    place: 'allowedOrigins',
    help: 'origins of the pages; default the own host',
  },
  trustedProxies: {
    kind: 'list',
    place: 'trustedProxies',
    help: 'addresses and networks of the proxies whose X-Forwarded-For is believed',
  },
  cookie: {
    kind: 'text',
    place: 'cookie',
    help: 'name of a cookie with the token, for pages that do not send one; needs exact origins',
  },
  adminToken: {
    kind: 'text',
    place: 'adminToken',
    help: 'switches the admin address on: what its requests bring as bearer token, 32 characters or more',
  },
  adminHost: { kind: 'text', help: 'address to listen on for the administrator; default 127.0.0.1' },
  adminPort: { kind: 'number', help: 'port to listen on for the administrator, 0 for any; default 8081' },
  access: { kind: 'text', place: 'access', help: 'rules (default) or open' },
  rules: {
    kind: 'json',
    place: 'rules',
    help: 'list of rules in JSON for every page, besides those of its token: [{ "path": …, "allow": […] }, …]',
  },
  rulesFile: { kind: 'jsonFile', place: 'rules', help: 'JSON file with that list' },
  identitySecret: {
    kind: 'text',
    place: 'identitySecret',
    help: 'gives each person an identity in ZooKeeper; the same on all replicas, 32 characters or more',
  },
  nodeAcl: {
    kind: 'text',
    place: 'nodeAcl',
    help: 'whose the nodes are that pages make: open, creator or creator_read; default creator_read with an identity secret, else open',
  },
  lingerMs: {
    kind: 'number',
    place: 'lingerMs',
    help: 'how long a closed or reloading tab keeps its session; default 3000',
  },
  logLevel: { kind: 'text', help: `${LOG_LEVELS.join(', ')}; default info` },
  ...LIMIT_SETTINGS,
}

const processSchema = z.object({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(8080),
  adminHost: z.string().min(1).default('127.0.0.1'),
  adminPort: z.int().min(0).max(65_535).default(8081),
  logLevel: z.enum(LOG_LEVELS).default('info'),
})

export interface Settings extends z.output<typeof processSchema> {
  gateway: GatewayOptions
}

export interface SettingSources {
  /** By setting name, as the command line parsed them. */
  flags: Readonly<Record<string, unknown>>
  env: Readonly<Record<string, string | undefined>>
  /** Path of a JSON file with settings by name. */
  configFile?: string | undefined
}

/**
 * Gathers the settings from their sources.
 * @throws ConfigError that names each setting that is wrong
 */
export function readSettings({ flags, env, configFile }: SettingSources): Settings {
  const values: Record<string, unknown> = {
    ...(configFile === undefined ? {} : fileValues(configFile)),
    ...envValues(env),
    ...Object.fromEntries(
      Object.entries(flags).filter(([name, value]) => SETTINGS[name] && value !== undefined),
    ),
  }
  const own: Record<string, unknown> = {}
  const gateway: Record<string, unknown> = { jwt: {}, limits: {}, tls: {} }
  if (values.rules !== undefined && values.rulesFile !== undefined) {
    throw new ConfigError(`${namesOf('rules')}, ${namesOf('rulesFile')}: give one of them`)
  }
  for (const [name, raw] of Object.entries(values)) {
    const setting = SETTINGS[name]
    if (!setting) continue
    const value = converted(name, setting.kind, raw)
    if (setting.place) put(gateway, setting.place, value)
    else own[name] = value
  }
  const checked = processSchema.safeParse(own)
  if (!checked.success) {
    throw new ConfigError(
      checked.error.issues.map((i) => `${settingNames(i.path.join('.'))}: ${i.message}`).join('\n'),
    )
  }
  return { ...checked.data, gateway: gateway as unknown as GatewayOptions }
}

/** All names of the setting at a place of the options, as an operator may have written it. */
export function settingNames(place: string): string {
  if (place === 'jwt' || place === '') {
    return 'ZOOGATE_JWT_SECRET, ZOOGATE_JWT_PUBLIC_KEY_FILE or ZOOGATE_JWKS_URL'
  }
  if (place === 'rules' || place.startsWith('rules.')) {
    const names = `${namesOf('rules')} or ${namesOf('rulesFile')}`
    return place === 'rules' ? names : `${names}, ${place}`
  }
  const name = Object.keys(SETTINGS).find(
    (key) => (SETTINGS[key]?.place ?? key) === place.replace(/\.\d+$/, ''),
  )
  return name ? namesOf(name) : place
}

function namesOf(name: string): string {
  return `${envName(name)} (--${flagName(name)})`
}

export function envName(name: string): string {
  return `ZOOGATE_${name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`
}

export function flagName(name: string): string {
  return name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)
}

function envValues(env: SettingSources['env']): Record<string, unknown> {
  const names = new Map(Object.keys(SETTINGS).map((name) => [envName(name), name]))
  const values: Record<string, unknown> = {}
  for (const [variable, value] of Object.entries(env)) {
    if (value === undefined || !variable.startsWith('ZOOGATE_') || variable === 'ZOOGATE_REQUIRE_ALL')
      continue
    const name = names.get(variable)
    if (!name) throw new ConfigError(`${variable}: there is no such setting; zoogate serve --help lists them`)
    values[name] = value
  }
  return values
}

function fileValues(path: string): Record<string, unknown> {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new ConfigError(`--config: ${path} cannot be read as JSON: ${(error as Error).message}`)
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new ConfigError(`--config: ${path} must hold a JSON object of settings`)
  }
  const unknown = Object.keys(content).find((key) => !Object.hasOwn(SETTINGS, key))
  if (unknown !== undefined) throw new ConfigError(`--config: ${path} has an unknown setting "${unknown}"`)
  return content as Record<string, unknown>
}

function fileText(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`${namesOf(name)}: ${(error as Error).message}`)
  }
}

function jsonValue(name: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ConfigError(`${namesOf(name)}: this is no JSON: ${(error as Error).message}`)
  }
}

/** Text from a flag or a variable becomes what the schema wants; what a JSON file holds is left as it is. */
function converted(name: string, kind: Kind, raw: unknown): unknown {
  if (typeof raw !== 'string') return raw
  switch (kind) {
    case 'list':
      return raw
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
    case 'file':
      return fileText(name, raw)
    case 'json':
      return jsonValue(name, raw)
    case 'jsonFile':
      return jsonValue(name, fileText(name, raw))
    case 'boolean':
      if (raw === 'true' || raw === 'false') return raw === 'true'
      throw new ConfigError(`${namesOf(name)}: "${raw}" is neither true nor false`)
    case 'number':
      if (/^\d+$/.test(raw.trim())) return Number(raw)
      throw new ConfigError(`${namesOf(name)}: "${raw}" is not a whole number`)
    case 'text':
      return raw
  }
}

function put(target: Record<string, unknown>, place: string, value: unknown): void {
  const [group, key] = place.split('.') as [string, string?]
  if (key === undefined) target[group] = value
  else (target[group] as Record<string, unknown>)[key] = value
}
