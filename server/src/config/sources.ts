import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { ConfigError, type GatewayOptions, numberSchema, problemLines } from './options.js'
import type { Kind } from './setting.js'
import { SETTING_NAMES, SETTINGS, settingOf } from './settings.js'

// Every setting has one name: `lingerMs` in a file, --linger-ms as a flag, ZOOGATE_LINGER_MS as a variable.
// Flags win over variables, variables over the file.

/** The settings that only the process needs; the others are options of the library. */
const processSchema = z.object({
  host: z.string().min(1).default(SETTINGS.host.default),
  port: numberSchema(SETTINGS.port),
  adminHost: z.string().min(1).default(SETTINGS.adminHost.default),
  adminPort: numberSchema(SETTINGS.adminPort),
  logLevel: z.enum(SETTINGS.logLevel.choices).default(SETTINGS.logLevel.default),
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
 * @throws ConfigError with a line for each setting that is wrong
 */
export function readSettings({ flags, env, configFile }: SettingSources): Settings {
  const values: Record<string, unknown> = {
    ...(configFile === undefined ? {} : fileValues(configFile)),
    ...envValues(env),
    ...Object.fromEntries(
      Object.entries(flags).filter(([name, value]) => settingOf(name) && value !== undefined),
    ),
  }
  if (values.rules !== undefined && values.rulesFile !== undefined) {
    throw new ConfigError(`${namesOf('rules')}, ${namesOf('rulesFile')}: give one of them`)
  }
  const own: Record<string, unknown> = {}
  const gateway: Record<string, unknown> = { jwt: {}, limits: {}, tls: {} }
  const problems: string[] = []
  for (const [name, raw] of Object.entries(values)) {
    const setting = settingOf(name)
    if (!setting) continue
    try {
      const value = converted(setting.kind, raw)
      if (setting.option) put(gateway, setting.option, value)
      else own[name] = value
    } catch (error) {
      problems.push(`${namesOf(name)}: ${(error as Error).message}`)
    }
  }
  const checked = processSchema.safeParse(own)
  if (!checked.success) problems.push(...problemLines(checked.error, settingNames))
  if (!checked.success || problems.length > 0) throw new ConfigError(problems.join('\n'))
  return { ...checked.data, gateway: gateway as unknown as GatewayOptions }
}

/** All names of the setting behind an option, as an operator may have written it. */
export function settingNames(option: string): string {
  if (option === 'jwt' || option === '') {
    return 'ZOOGATE_JWT_SECRET, ZOOGATE_JWT_PUBLIC_KEY_FILE or ZOOGATE_JWKS_URL'
  }
  if (option === 'rules' || option.startsWith('rules.')) {
    const names = `${namesOf('rules')} or ${namesOf('rulesFile')}`
    return option === 'rules' ? names : `${names}, ${option}`
  }
  const whole = option.replace(/\.\d+$/, '')
  const name = SETTING_NAMES.find((name) => (settingOf(name)?.option ?? name) === whole)
  return name ? namesOf(name) : option
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
  const names = new Map<string, string>(SETTING_NAMES.map((name) => [envName(name), name]))
  const given = Object.entries(env).filter(
    ([variable, value]) =>
      value !== undefined && variable.startsWith('ZOOGATE_') && variable !== 'ZOOGATE_REQUIRE_ALL',
  )
  const unknown = given.map(([variable]) => variable).filter((variable) => !names.has(variable))
  if (unknown.length > 0) {
    throw new ConfigError(`${unknown.join(', ')}: there is no such setting; zoogate serve --help lists all`)
  }
  return Object.fromEntries(given.map(([variable, value]) => [names.get(variable), value]))
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
  const unknown = Object.keys(content).filter((key) => !settingOf(key))
  if (unknown.length > 0) {
    const names = unknown.map((key) => `"${key}"`).join(', ')
    throw new ConfigError(`--config: ${path} has an unknown setting ${names}; zoogate serve --help lists all`)
  }
  return content as Record<string, unknown>
}

function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`this is no JSON: ${(error as Error).message}`)
  }
}

/** Text from a flag or a variable becomes a value for the schema; a value from a JSON file stays as it is. */
function converted(kind: Kind, raw: unknown): unknown {
  if (typeof raw !== 'string') return raw
  switch (kind) {
    case 'list':
      return raw
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
    case 'file':
      return readFileSync(raw, 'utf8')
    case 'json':
      return jsonValue(raw)
    case 'jsonFile':
      return jsonValue(readFileSync(raw, 'utf8'))
    case 'boolean':
      if (raw === 'true' || raw === 'false') return raw === 'true'
      throw new Error(`"${raw}" is neither true nor false`)
    case 'number':
      if (/^\d+$/.test(raw.trim())) return Number(raw)
      throw new Error(`"${raw}" is not a whole number`)
    case 'text':
      return raw
  }
}

function put(target: Record<string, unknown>, option: string, value: unknown): void {
  const [group, key] = option.split('.') as [string, string?]
  if (key === undefined) target[group] = value
  else (target[group] as Record<string, unknown>)[key] = value
}
