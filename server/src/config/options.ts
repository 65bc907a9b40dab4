import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { COOKIE_NAME, isLoopback, isNetwork } from '../access/request.js'
import { RESUME_KEY_BYTES } from '../access/resume-token.js'
import { accessRuleSchema } from '../access/rules.js'
import { JWT_ALGORITHMS } from '../access/verification-key.js'
import { type Limits, limitsFrom } from '../limits/limits.js'
import type { NodeAcl } from '../session/acl.js'
import { createLog, type Log } from '../telemetry/log.js'
import { contradictions, type NameOf } from './contradictions.js'
import { completeLimits, LIMIT_NAMES, LIMIT_SETTINGS } from './limit-settings.js'
import type { NumberSetting } from './setting.js'
import { SETTINGS } from './settings.js'

/** A number within the bounds of its row, with its default. */
export function numberSchema(setting: NumberSetting): z.ZodDefault<z.ZodInt> {
  return boundedNumber(setting).default(setting.default)
}

function boundedNumber({ min, max = Number.MAX_SAFE_INTEGER }: NumberSetting): z.ZodInt {
  return z.int().min(min).max(max)
}

const resumeKey = z.base64().refine((key) => Buffer.from(key, 'base64').length === RESUME_KEY_BYTES, {
  error: `each resume key is ${RESUME_KEY_BYTES} bytes in base64: openssl rand -base64 ${RESUME_KEY_BYTES}`,
})

const jwksUrl = z
  .url({ protocol: /^https?$/, abort: true, error: 'give the address of a key set: https://…' })
  .refine((url) => new URL(url).protocol === 'https:' || isLoopback(new URL(url).hostname), {
    error: 'give an https address: over plain http, anything on the way could replace the keys',
  })
  .refine((url) => new URL(url).username === '' && new URL(url).password === '', {
    error: 'a key set is public: leave out the name and password',
  })

const jwtSchema = z
  .object({
    secret: z.string().min(1).optional(),
    publicKey: z.string().min(1).optional(),
    jwksUrl: jwksUrl.optional(),
    algorithms: z.array(z.enum(JWT_ALGORITHMS)).min(1).optional(),
    audience: z.string().min(1).optional(),
    issuer: z.string().min(1).optional(),
    clockToleranceS: numberSchema(SETTINGS.jwtClockToleranceS),
  })
  .refine((jwt) => [jwt.secret, jwt.publicKey, jwt.jwksUrl].filter((key) => key !== undefined).length === 1, {
    error:
      'give exactly one of a secret, a public key and the address of a key set: tokens are checked with it',
  })
  .refine((jwt) => !jwt.secret?.includes('PUBLIC KEY-----'), {
    path: ['secret'],
    error: 'this is a public key, and every reader of it could sign tokens; give it as the public key',
  })

const tlsSchema = z
  .object({
    enabled: z.boolean().default(SETTINGS.zookeeperTls.default),
    ca: z.string().min(1).optional(),
    cert: z.string().min(1).optional(),
    key: z.string().min(1).optional(),
    passphrase: z.string().optional(),
    servername: z.string().min(1).optional(),
  })
  .refine((tls) => (tls.cert === undefined) === (tls.key === undefined), {
    path: ['cert'],
    error: 'a client certificate and its private key come together',
  })
  .refine((tls) => tls.enabled || Object.keys(tls).length === 1, {
    path: ['enabled'],
    error: 'TLS settings are given, but TLS is not switched on',
  })

const limitsSchema = z
  .strictObject(
    Object.fromEntries(
      LIMIT_NAMES.map((name) => [name, boundedNumber(LIMIT_SETTINGS[name]).optional()]),
    ) as Record<(typeof LIMIT_NAMES)[number], z.ZodOptional<z.ZodInt>>,
  )
  .transform(completeLimits)

const longSecret = z.string().min(32, 'give at least 32 random characters: openssl rand -base64 32')

/** The options of the library. The table of settings says what each does, and holds its default and bounds. */
export const gatewayOptionsSchema = z.object({
  /** ZooKeeper's connect string: `host:port,host:port/chroot`. */
  zookeeper: z.string().min(1),
  /** TLS to the ensemble; with `cert` and `key` (PEM) the gateway shows a certificate of its own. */
  tls: tlsSchema.prefault({}),
  /** Also attach to servers that have lost their quorum: pages read, and see `readOnly` in their session. */
  readOnly: z.boolean().default(SETTINGS.readOnly.default),
  jwt: jwtSchema,
  /** Path of the WebSocket. */
  path: z.string().startsWith('/').default(SETTINGS.path.default),
  /** Each 32 bytes in base64; the first seals, each opens. Without any, a restart ends every resume. */
  resumeKeys: z.array(resumeKey).min(1).optional(),
  /** Exact origins, or `*`. Without any, only pages of the gateway's own host. */
  allowedOrigins: z.array(z.string().min(1)).optional(),
  /** Addresses and networks of the proxies that set `X-Forwarded-For`. Without any, each peer counts by its own address. */
  trustedProxies: z
    .array(z.string().refine(isNetwork, 'give an address or a network: 10.0.0.0/8, 2001:db8::/32'))
    .default([]),
  /** Name of a cookie that carries the token of pages that send none. Needs exact origins. */
  cookie: z.string().regex(COOKIE_NAME, 'this is no name of a cookie').optional(),
  /** Switches `revoke` on. The same for all replicas: its holder owns the list of revocations in the ensemble. */
  adminToken: longSecret.optional(),
  /** `rules`: what no rule allows, here or in the token, is forbidden. `open`: everything under the chroot. */
  access: z.enum(SETTINGS.access.choices).default(SETTINGS.access.default),
  /** Rules for every page, besides the rules of its token. */
  rules: z.array(accessRuleSchema).max(1000).default([]),
  /** Gives each subject an identity in ZooKeeper. The same for all replicas, and as long as its nodes are to stay its own. */
  identitySecret: longSecret.optional(),
  /**
   * Access control list of nodes that pages create without one. `open`: anyone may do everything; `creator`: only the creating
   * identity; `creator_read`: others may read. @default 'creator_read' with an identity secret, else 'open'
   */
  nodeAcl: z.enum(SETTINGS.nodeAcl.choices).optional(),
  /** Milliseconds that a session waits for its page after a close frame 1001. */
  lingerMs: numberSchema(SETTINGS.lingerMs),
  /** The limits that are settings. The other limits follow from them, or are fixed. */
  limits: limitsSchema.prefault({}),
})

/** What `createGateway` takes. */
export type GatewayOptions = z.input<typeof gatewayOptionsSchema> & {
  /** @default JSON lines on standard error from level info on */
  log?: Log
}

type CheckedOptions = z.output<typeof gatewayOptionsSchema>

/** Checked, complete and frozen. */
export type GatewayConfig = Readonly<Omit<CheckedOptions, 'resumeKeys' | 'nodeAcl' | 'limits'>> & {
  readonly nodeAcl: NodeAcl
  readonly resumeKeys: readonly Buffer[]
  readonly limits: Readonly<Limits>
  readonly log: Log
  readonly nameOf: NameOf
}

/** A setting is missing or wrong; the message names it and says what it should be. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/**
 * Checks the options and fills in the defaults.
 * @throws ConfigError with a line for each option that is wrong
 */
export function checkOptions(input: GatewayOptions, nameOf: NameOf = (option) => option): GatewayConfig {
  const { log = createLog(SETTINGS.logLevel.default), ...rest } = input
  const checked = gatewayOptionsSchema.safeParse(rest)
  if (!checked.success) throw new ConfigError(problemLines(checked.error, nameOf).join('\n'))
  const { resumeKeys, nodeAcl, limits, ...options } = checked.data
  const problems = contradictions(checked.data, nameOf)
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))
  for (const warning of warningsFor(checked.data, nameOf)) log.warn({}, warning)
  return Object.freeze({
    ...options,
    nodeAcl: nodeAcl ?? (options.identitySecret === undefined ? 'open' : 'creator_read'),
    resumeKeys: resumeKeys?.map((key) => Buffer.from(key, 'base64')) ?? [randomBytes(RESUME_KEY_BYTES)],
    limits: limitsFrom(limits),
    log,
    nameOf,
  })
}

export function problemLines({ issues }: z.ZodError, nameOf: NameOf): string[] {
  return issues.map(({ path, message }) => `${nameOf(path.join('.'))}: ${message}`)
}

function warningsFor(options: CheckedOptions, nameOf: NameOf): string[] {
  const { resumeKeys, allowedOrigins, jwt, nodeAcl, identitySecret } = options
  const warnings: string[] = []
  if (!resumeKeys) {
    warnings.push(
      'no resume keys: sessions cannot be resumed after a restart or on another replica; ' +
        `set ${nameOf('resumeKeys')} to the output of openssl rand -base64 ${RESUME_KEY_BYTES}`,
    )
  }
  if (allowedOrigins?.includes('*')) {
    warnings.push('every origin is allowed: any web page can connect to this gateway')
  }
  if (jwt.secret !== undefined && jwt.secret.length < 32) {
    warnings.push(
      'the token secret is shorter than 32 characters and can be guessed: replace it with the output of openssl rand -base64 32',
    )
  }
  if (nodeAcl === undefined && identitySecret === undefined) {
    warnings.push(
      'no identity secret: every client of the ensemble can change the nodes that pages create; ' +
        `set ${nameOf('nodeAcl')} to open, or ${nameOf('identitySecret')} to the output of openssl rand -base64 32`,
    )
  }
  return warnings
}
