import { JWT_ALGORITHMS } from '../access/verification-key.js'
import { NODE_ACLS } from '../session/acl.js'
import { LOG_LEVELS } from '../telemetry/log.js'
import { LIMIT_SETTINGS } from './limit-settings.js'
import { LONGEST_TIMER_MS, type NumberSetting, type Setting } from './setting.js'

// The one table of settings; the rows of the limits stand in limit-settings.ts. From it come the schema of the options, the flags and variables, `zoogate serve --help` and the
// reference in README.md; no default and no minimum stands anywhere else.

const ONE_KEY = 'exactly one of these three is required'

export const SETTINGS = {
  zookeeper: {
    kind: 'text',
    group: 'needed',
    option: 'zookeeper',
    says: 'Connect string of the ensemble: host:port,host:port/chroot. IPv6 addresses stand in brackets. The chroot has to exist.',
    otherwise: 'required',
  },
  jwtSecret: {
    kind: 'text',
    group: 'needed',
    option: 'jwt.secret',
    says: 'Secret that signs the tokens (HS256).',
    otherwise: ONE_KEY,
  },
  jwtPublicKeyFile: {
    kind: 'file',
    group: 'needed',
    option: 'jwt.publicKey',
    says: 'PEM file with the RSA (RS256) or P-256 (ES256) public key of the tokens.',
    otherwise: ONE_KEY,
  },
  jwksUrl: {
    kind: 'text',
    group: 'needed',
    option: 'jwt.jwksUrl',
    says: "Address of an identity provider's JSON Web Key Set; https, or http on loopback.",
    otherwise: ONE_KEY,
  },

  host: { kind: 'text', group: 'usual', says: 'Address that the gateway listens on.', default: '127.0.0.1' },
  port: {
    kind: 'number',
    group: 'usual',
    says: 'Port that the gateway listens on; 0 takes any, which the gateway prints.',
    unit: 'port',
    default: 8080,
    min: 0,
    max: 65_535,
  },
  allowedOrigins: {
    kind: 'list',
    group: 'usual',
    option: 'allowedOrigins',
    says: 'Origins of the pages that may connect, exact and comma-separated; * allows every page.',
    otherwise: "the gateway's own host",
  },
  trustedProxies: {
    kind: 'list',
    group: 'usual',
    option: 'trustedProxies',
    says: 'Addresses and networks (10.0.0.0/8) of the proxies that set X-Forwarded-For, comma-separated. Without it all pages behind a proxy count as one address.',
    otherwise: 'none',
  },
  access: {
    kind: 'text',
    group: 'usual',
    option: 'access',
    says: 'rules: what no rule allows is forbidden. open: everything below the chroot is allowed.',
    choices: ['rules', 'open'],
    default: 'rules',
  },
  rules: {
    kind: 'json',
    group: 'usual',
    option: 'rules',
    says: 'List of rules for every page, besides the rules of its token: [{ "path": …, "allow": […] }, …].',
    otherwise: 'none',
  },
  rulesFile: {
    kind: 'jsonFile',
    group: 'usual',
    option: 'rules',
    says: 'JSON file with that list of rules.',
    otherwise: 'none',
  },
  resumeKeys: {
    kind: 'list',
    group: 'usual',
    option: 'resumeKeys',
    says: 'Keys of the resume tokens, comma-separated, each 32 bytes in base64, the same on all replicas. The first seals, each opens: to rotate, put a new key first and drop the old one a session timeout later.',
    otherwise: 'random: no resume after a restart or on another replica',
  },
  identitySecret: {
    kind: 'text',
    group: 'usual',
    option: 'identitySecret',
    says: 'Secret that gives each subject an identity in ZooKeeper; 32 characters or more, the same on all replicas.',
    otherwise: 'no identities',
  },
  lingerMs: {
    kind: 'number',
    group: 'usual',
    option: 'lingerMs',
    says: 'Time for which a closed or reloading tab keeps its session.',
    unit: 'milliseconds',
    default: 3_000,
    min: 0,
    max: LONGEST_TIMER_MS,
  },
  adminToken: {
    kind: 'text',
    group: 'usual',
    option: 'adminToken',
    says: 'Bearer token of the administrator, 32 characters or more, the same on all replicas; switches the admin port and revocation on.',
    otherwise: 'off',
  },
  logLevel: {
    kind: 'text',
    group: 'usual',
    says: `Lowest level that is logged, as JSON lines on standard error: ${LOG_LEVELS.join(', ')}.`,
    choices: LOG_LEVELS,
    default: 'info',
  },

  path: {
    kind: 'text',
    group: 'rare',
    option: 'path',
    says: 'Path of the WebSocket in the address of the gateway.',
    default: '/zoogate',
  },
  zookeeperTls: {
    kind: 'boolean',
    group: 'rare',
    option: 'tls.enabled',
    says: 'true: TLS to the ensemble (its secureClientPort).',
    default: false,
  },
  zookeeperTlsCaFile: {
    kind: 'file',
    group: 'rare',
    option: 'tls.ca',
    says: "PEM file with the authorities that signed the servers' certificates.",
    otherwise: "Node's authorities",
  },
  zookeeperTlsCertFile: {
    kind: 'file',
    group: 'rare',
    option: 'tls.cert',
    says: "PEM file with the gateway's own certificate, for servers that ask for one.",
    otherwise: 'none',
  },
  zookeeperTlsKeyFile: {
    kind: 'file',
    group: 'rare',
    option: 'tls.key',
    says: "PEM file with the private key of the gateway's certificate.",
    otherwise: 'none',
  },
  zookeeperTlsKeyPassphrase: {
    kind: 'text',
    group: 'rare',
    option: 'tls.passphrase',
    says: 'Passphrase that decrypts that private key.',
    otherwise: 'none',
  },
  zookeeperTlsServername: {
    kind: 'text',
    group: 'rare',
    option: 'tls.servername',
    says: "Name that the servers' certificates have to carry.",
    otherwise: 'the host of each server',
  },
  readOnly: {
    kind: 'boolean',
    group: 'rare',
    option: 'readOnly',
    says: 'true: attach to servers without a quorum, too; pages then see zk.session.readOnly.',
    default: false,
  },
  jwtAlgorithms: {
    kind: 'list',
    group: 'rare',
    option: 'jwt.algorithms',
    says: `Accepted algorithms of the tokens, comma-separated: ${JWT_ALGORITHMS.join(', ')}.`,
    otherwise: 'the algorithms that the key is for',
  },
  jwtAudience: {
    kind: 'text',
    group: 'rare',
    option: 'jwt.audience',
    says: 'Audience (aud) that every token must have.',
    otherwise: 'not checked',
  },
  jwtIssuer: {
    kind: 'text',
    group: 'rare',
    option: 'jwt.issuer',
    says: 'Issuer (iss) that every token must have.',
    otherwise: 'not checked',
  },
  jwtClockToleranceS: {
    kind: 'number',
    group: 'rare',
    option: 'jwt.clockToleranceS',
    says: "Difference between the clocks of gateway and issuer that a token's times allow for.",
    unit: 'seconds',
    default: 5,
    min: 0,
    max: 300,
  },
  cookie: {
    kind: 'text',
    group: 'rare',
    option: 'cookie',
    says: 'Name of a cookie with the token of pages that send none; needs exact origins.',
    otherwise: 'off',
  },
  nodeAcl: {
    kind: 'text',
    group: 'rare',
    option: 'nodeAcl',
    says: 'Access control list of nodes that a page creates without one. open: anyone may do everything. creator: only the creating identity. creator_read: others may read.',
    choices: NODE_ACLS,
    otherwise: 'creator_read with an identity secret, else open',
  },
  adminHost: {
    kind: 'text',
    group: 'rare',
    says: 'Address that the admin port listens on.',
    default: '127.0.0.1',
  },
  adminPort: {
    kind: 'number',
    group: 'rare',
    says: "Port for the administrator's requests, apart from the pages'; 0 takes any.",
    unit: 'port',
    default: 8081,
    min: 0,
    max: 65_535,
  },
  ...LIMIT_SETTINGS,
} as const satisfies Record<string, Setting | NumberSetting>

export type SettingName = keyof typeof SETTINGS

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[]

/** The row of a name, with all that a row may have; undefined for a name that is no setting. */
export function settingOf(name: string): Setting | NumberSetting | undefined {
  return Object.hasOwn(SETTINGS, name) ? SETTINGS[name as SettingName] : undefined
}
