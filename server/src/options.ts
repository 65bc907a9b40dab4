import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { DEFAULT_LIMITS } from './limits.js'
import { createLog, type Log } from './log.js'
import { RESUME_KEY_BYTES } from './resume-token.js'

const milliseconds = z.int().min(0).max(2_147_483_647)
const count = z.int().min(1)

const resumeKey = z.base64().refine((key) => Buffer.from(key, 'base64').length === RESUME_KEY_BYTES, {
  error: `each resume key is ${RESUME_KEY_BYTES} bytes in base64: openssl rand -base64 ${RESUME_KEY_BYTES}`,
})

const jwtSchema = z
  .object({
    secret: z.string().min(1).optional(),
    publicKey: z.string().min(1).optional(),
    algorithms: z
      .array(z.enum(['HS256', 'RS256', 'ES256']))
      .min(1)
      .optional(),
    audience: z.string().min(1).optional(),
    issuer: z.string().min(1).optional(),
    clockToleranceS: z.int().min(0).max(300).default(5),
  })
  .refine((jwt) => (jwt.secret === undefined) !== (jwt.publicKey === undefined), {
    error: 'give exactly one of a secret and a public key, so that tokens can be checked',
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
  maxMessageBytes: count.min(1024).default(DEFAULT_LIMITS.maxMessageBytes),
  maxDataBytes: count.default(DEFAULT_LIMITS.maxDataBytes),
  maxFrameMessages: count.default(DEFAULT_LIMITS.maxFrameMessages),
  maxCallsInFlight: count.default(DEFAULT_LIMITS.maxCallsInFlight),
  maxWatches: count.default(DEFAULT_LIMITS.maxWatches),
  maxBufferedBytes: count.min(65_536).default(DEFAULT_LIMITS.maxBufferedBytes),
  maxMultiParts: count.default(DEFAULT_LIMITS.maxMultiParts),
  maxPathLength: count.default(DEFAULT_LIMITS.maxPathLength),
  maxConnections: count.default(DEFAULT_LIMITS.maxConnections),
  maxUnauthenticated: count.default(DEFAULT_LIMITS.maxUnauthenticated),
  attachConcurrency: count.default(DEFAULT_LIMITS.attachConcurrency),
  maxViews: count.default(DEFAULT_LIMITS.maxViews),
  maxSharedViews: count.default(DEFAULT_LIMITS.maxSharedViews),
  maxViewNodes: count.default(DEFAULT_LIMITS.maxViewNodes),
  maxViewBytes: count.default(DEFAULT_LIMITS.maxViewBytes),
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
  /** `rules`: what no rule of the token allows is forbidden. `open`: everything under the chroot. */
  access: z.enum(['rules', 'open']).default('rules'),
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
export type GatewayConfig = Readonly<Omit<z.output<typeof gatewayOptionsSchema>, 'resumeKeys'>> & {
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
  const log = given ?? createLog('info')
  if (!resumeKeys)
    log.warn({}, 'no resume keys: sessions cannot be resumed after a restart or on another replica')
  if (options.allowedOrigins?.includes('*'))
    log.warn({}, 'every origin is allowed: any web page can dial this gateway')
  if (options.jwt.secret !== undefined && options.jwt.secret.length < 32) {
    log.warn({}, 'the token secret is shorter than 32 characters and can be guessed: openssl rand -base64 32')
  }
  const keys = resumeKeys?.map((key) => Buffer.from(key, 'base64')) ?? [randomBytes(RESUME_KEY_BYTES)]
  return Object.freeze({ ...options, resumeKeys: keys, log, nameOf })
}
