import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { accessRuleSchema } from '../access/access-rule.js'
import { isNetwork } from '../access/client-address.js'
import { COOKIE_NAME } from '../access/cookie.js'
import { isLoopback } from '../access/origin.js'
import { RESUME_KEY_BYTES } from '../access/resume-token.js'
import { JWT_ALGORITHMS } from '../access/verification-key.js'
import { DEFAULT_LIMITS } from '../limits/limits.js'
import { NODE_ACLS, type NodeAcl } from '../session/node-acl.js'
import { createLog, type Log } from '../telemetry/log.js'

const milliseconds = z.int().min(0).max(2_147_483_647)
const count = z.int().min(1)

const resumeKey = z.base64().refine((key) => Buffer.from(key, 'base64').length === RESUME_KEY_BYTES, {
  error: `each resume key is ${RESUME_KEY_BYTES} bytes in base64: openssl rand -base64 ${RESUME_KEY_BYTES}`,
})

const jwksUrl = z
  .url({ protocol: /^https?$/, abort: true, error: 'give the address of a key set: https://…' })
  .refine((url) => new URL(url).protocol === 'https:' || isLoopback(new URL(url).hostname), {
    error: 'give an https address: over plain http, whoever is on the way chooses the keys',
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
    clockToleranceS: z.int().min(0).max(300).default(5),
  })
  .refine((jwt) => [jwt.secret, jwt.publicKey, jwt.jwksUrl].filter((key) => key !== undefined).length === 1, {
    error:
      'give exactly one of a secret, a public key and the address of a key set, so that tokens can be checked',
  })
  .refine((jwt) => !jwt.secret?.includes('PUBLIC KEY-----'), {
    path: ['secret'],
    error: 'this is a public key; whoever reads it could sign tokens with it. Give it as the public key',
  })

const tlsSchema = z
  .object({
    enabled: z.boolean().default(false),
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

const limitsSchema = z.object({
  helloTimeoutMs: milliseconds.min(1).default(DEFAULT_LIMITS.helloTimeoutMs),
  upgradeTimeoutMs: milliseconds.min(1).default(DEFAULT_LIMITS.upgradeTimeoutMs),
  maxMessageBytes: count.min(1024).default(DEFAULT_LIMITS.maxMessageBytes),
  maxDataBytes: count.default(DEFAULT_LIMITS.maxDataBytes),
  // Pages rely on so many.
  maxFrameMessages: count.min(1_000).default(DEFAULT_LIMITS.maxFrameMessages),
  maxCallsInFlight: count.default(DEFAULT_LIMITS.maxCallsInFlight),
  maxWatches: count.default(DEFAULT_LIMITS.maxWatches),
  maxWatchBytes: count.default(DEFAULT_LIMITS.maxWatchBytes),
  maxBufferedBytes: count.min(65_536).default(DEFAULT_LIMITS.maxBufferedBytes),
  maxBufferedBytesTotal: count.min(65_536).default(DEFAULT_LIMITS.maxBufferedBytesTotal),
  maxMultiParts: count.default(DEFAULT_LIMITS.maxMultiParts),
  maxPathLength: count.default(DEFAULT_LIMITS.maxPathLength),
  maxPathDepth: count.default(DEFAULT_LIMITS.maxPathDepth),
  maxMessagesPerSecond: count.default(DEFAULT_LIMITS.maxMessagesPerSecond),
  maxBytesPerSecond: count.min(1024).default(DEFAULT_LIMITS.maxBytesPerSecond),
  maxMessagesPerSecondPerSubject: count.default(DEFAULT_LIMITS.maxMessagesPerSecondPerSubject),
  maxBytesPerSecondPerSubject: count.min(1024).default(DEFAULT_LIMITS.maxBytesPerSecondPerSubject),
  maxConnections: count.default(DEFAULT_LIMITS.maxConnections),
  maxUnauthenticated: count.default(DEFAULT_LIMITS.maxUnauthenticated),
  maxUnauthenticatedPerAddress: count.default(DEFAULT_LIMITS.maxUnauthenticatedPerAddress),
  maxUnauthenticatedBytes: count.min(65_536).default(DEFAULT_LIMITS.maxUnauthenticatedBytes),
  maxConnectsPerSecond: count.default(DEFAULT_LIMITS.maxConnectsPerSecond),
  connectBurst: count.default(DEFAULT_LIMITS.connectBurst),
  maxAddresses: count.default(DEFAULT_LIMITS.maxAddresses),
  maxSessions: count.default(DEFAULT_LIMITS.maxSessions),
  maxSessionsPerSubject: count.default(DEFAULT_LIMITS.maxSessionsPerSubject),
  maxEventLoopLagMs: milliseconds.min(1).default(DEFAULT_LIMITS.maxEventLoopLagMs),
  attachConcurrency: count.default(DEFAULT_LIMITS.attachConcurrency),
  attachConcurrencyPerSubject: count.default(DEFAULT_LIMITS.attachConcurrencyPerSubject),
  maxJwksAgeMs: milliseconds.min(60_000).default(DEFAULT_LIMITS.maxJwksAgeMs),
  maxViews: count.default(DEFAULT_LIMITS.maxViews),
  maxSharedViews: count.default(DEFAULT_LIMITS.maxSharedViews),
  maxSharedViewsPerSubject: count.default(DEFAULT_LIMITS.maxSharedViewsPerSubject),
  maxViewNodes: count.default(DEFAULT_LIMITS.maxViewNodes),
  maxViewBytes: count.default(DEFAULT_LIMITS.maxViewBytes),
  maxViewBytesTotal: count.default(DEFAULT_LIMITS.maxViewBytesTotal),
  maxViewReadsPerSecond: count.default(DEFAULT_LIMITS.maxViewReadsPerSecond),
  maxViewChecksPerSecond: count.default(DEFAULT_LIMITS.maxViewChecksPerSecond),
  viewCheckMs: milliseconds.min(100).default(DEFAULT_LIMITS.viewCheckMs),
  // Below a socket's own buffer (64 KiB in newer Node.js) it would not say when everything has been read.
  maxViewBacklogBytes: count.min(65_536).default(DEFAULT_LIMITS.maxViewBacklogBytes),
  drainMs: milliseconds.default(DEFAULT_LIMITS.drainMs),
})

export const gatewayOptionsSchema = z.object({
  /** ZooKeeper's connect string: `host:port,host:port/chroot`. */
  zookeeper: z.string().min(1),
  /** TLS to the ensemble; with `cert` and `key` (PEM) the gateway shows a certificate of its own. */
  tls: tlsSchema.prefault({}),
  /** Also attach to servers that have lost their quorum: pages read, and see `readOnly` in their session. */
  readOnly: z.boolean().default(false),
  jwt: jwtSchema,
  /** Path of the WebSocket. */
  path: z.string().startsWith('/').default('/zoogate'),
  /** Each 32 bytes in base64; the first seals, each opens. Without any, a restart ends every resume. */
  resumeKeys: z.array(resumeKey).min(1).optional(),
  /** Exact origins, or `*`. Without any, only pages of the gateway's own host. */
  allowedOrigins: z.array(z.string().min(1)).optional(),
  /** Addresses and networks of the proxies whose `X-Forwarded-For` is believed. Without any, each peer speaks for itself. */
  trustedProxies: z
    .array(z.string().refine(isNetwork, 'give an address or a network: 10.0.0.0/8, 2001:db8::/32'))
    .default([]),
  /** Name of a cookie that carries the token of a page whose hello brings none. Needs exact origins. */
  cookie: z.string().regex(COOKIE_NAME, 'this is no name of a cookie').optional(),
  /** Switches `revoke` on; the same for all replicas: who has it owns the list of revocations in the ensemble. */
  adminToken: z
    .string()
    .min(32, 'at least 32 characters, not to be guessed: openssl rand -base64 32')
    .optional(),
  /** `rules`: what no rule allows, here or in the token, is forbidden. `open`: everything under the chroot. */
  access: z.enum(['rules', 'open']).default('rules'),
  /** Rules for every page, besides those of its token. */
  rules: z.array(accessRuleSchema).max(1000).default([]),
  /** Gives each person an identity in ZooKeeper; the same for all replicas, and for as long as the nodes are to be theirs. */
  identitySecret: z
    .string()
    .min(32, 'at least 32 characters, not to be guessed: openssl rand -base64 32')
    .optional(),
  /**
   * Who may what with nodes that pages make without an access control list: `open`: everybody everything; `creator`: only who
   * made them; `creator_read`: everybody reads. @default 'creator_read' with an identity secret, else 'open'
   */
  nodeAcl: z.enum(NODE_ACLS).optional(),
  /** Milliseconds that a session waits for its page after a close frame 1001. */
  lingerMs: milliseconds.default(3_000),
  limits: limitsSchema.prefault({}),
})

/** What `createGateway` takes. */
export type GatewayOptions = z.input<typeof gatewayOptionsSchema> & {
  /** @default JSON lines on standard error from level info on */
  log?: Log
}

/** Checked, complete and frozen. */
export type GatewayConfig = Readonly<
  Omit<z.output<typeof gatewayOptionsSchema>, 'resumeKeys' | 'nodeAcl'>
> & {
  readonly nodeAcl: NodeAcl
  readonly resumeKeys: readonly Buffer[]
  readonly log: Log
  /** Turns the place of a complaint, like `jwt.secret`, into the name that whoever set it knows. */
  readonly nameOf: (place: string) => string
}

/** A setting is missing or wrong; the message names it and says what it should be. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/**
 * Checks the options and fills in what is missing.
 * @throws ConfigError with a line for each option that is wrong
 */
export function checkOptions(
  input: GatewayOptions,
  nameOf: GatewayConfig['nameOf'] = (place) => place,
): GatewayConfig {
  const { log: given, ...rest } = input
  const checked = gatewayOptionsSchema.safeParse(rest)
  if (!checked.success) {
    const lines = checked.error.issues.map((issue) => `${nameOf(issue.path.join('.'))}: ${issue.message}`)
    throw new ConfigError(lines.join('\n'))
  }
  const { resumeKeys, ...options } = checked.data
  checkAccess(options, nameOf)
  if (options.cookie !== undefined && options.allowedOrigins?.includes('*')) {
    const names = `${nameOf('cookie')} and ${nameOf('allowedOrigins')}`
    throw new ConfigError(
      `${names}: with a cookie, every origin would mean that any web page can act as whoever visits it; list the origins`,
    )
  }
  const log = given ?? createLog('info')
  if (!resumeKeys)
    log.warn({}, 'no resume keys: sessions cannot be resumed after a restart or on another replica')
  if (options.allowedOrigins?.includes('*'))
    log.warn({}, 'every origin is allowed: any web page can dial this gateway')
  if (options.jwt.secret !== undefined && options.jwt.secret.length < 32) {
    log.warn({}, 'the token secret is shorter than 32 characters and can be guessed: openssl rand -base64 32')
  }
  if (options.nodeAcl === undefined && options.identitySecret === undefined) {
    const names = `${nameOf('identitySecret')} (openssl rand -base64 32), or ${nameOf('nodeAcl')} to open`
    log.warn(
      {},
      `no identity secret: whatever pages create is open to every client of the ensemble; set ${names}`,
    )
  }
  const keys = resumeKeys?.map((key) => Buffer.from(key, 'base64')) ?? [randomBytes(RESUME_KEY_BYTES)]
  const nodeAcl = options.nodeAcl ?? (options.identitySecret === undefined ? 'open' : 'creator_read')
  return Object.freeze({ ...options, nodeAcl, resumeKeys: keys, log, nameOf })
}

/** @throws ConfigError for settings that cannot be meant together */
export function checkAccess(
  options: Pick<z.output<typeof gatewayOptionsSchema>, 'access' | 'rules' | 'identitySecret' | 'nodeAcl'>,
  nameOf: GatewayConfig['nameOf'],
): void {
  const { access, rules, identitySecret, nodeAcl } = options
  if (access === 'open' && rules.length > 0) {
    throw new ConfigError(
      `${nameOf('access')}: open allows everything, so that the rules would mean nothing; leave out one of them`,
    )
  }
  if (identitySecret === undefined && (nodeAcl === 'creator' || nodeAcl === 'creator_read')) {
    throw new ConfigError(
      `${nameOf('nodeAcl')}: ${nodeAcl} needs creators that the ensemble can tell apart; set ${nameOf('identitySecret')}`,
    )
  }
}
