/** One layer of the server. Paths are relative to server/src; one that ends in a slash is a whole folder. */
export interface Layer {
  name: string
  files: string[]
}

/** From top to bottom. A file imports from its own layer and from those below it. */
export const SERVER_LAYERS: Layer[] = [
  { name: 'entry points', files: ['main.ts', 'index.ts', 'testing.ts'] },
  { name: 'commands', files: ['cli/'] },
  {
    name: 'gateway',
    files: [
      'gateway.ts',
      'page-server.ts',
      'request-gate.ts',
      'http-refusal.ts',
      'admission.ts',
      'admin.ts',
      'revoker.ts',
      'status.ts',
      'shared-frame.ts',
      'page-web-socket.ts',
    ],
  },
  {
    name: 'connection',
    files: [
      'connection.ts',
      'answers.ts',
      'page-calls.ts',
      'subject-rates.ts',
      'greeting.ts',
      'intake.ts',
      'outbox.ts',
      'page-heartbeat.ts',
      'page-token.ts',
      'token-expiry.ts',
      'view-calls.ts',
    ],
  },
  {
    name: "a page's messages and rights",
    files: ['protocol.ts', 'authenticate.ts', 'claims.ts', 'jwks.ts', 'access.ts', 'rights.ts', 'resume.ts'],
  },
  { name: 'live views', files: ['views/'] },
  {
    name: 'session',
    files: [
      'session.ts',
      'session-page.ts',
      'operations.ts',
      'operation-limits.ts',
      'node-values.ts',
      'node-acl.ts',
      'ensemble.ts',
      'session-table.ts',
      'session-quota.ts',
      'kept-places.ts',
      'attach-gate.ts',
      'takeover.ts',
      'zxid-verdict.ts',
      'revocation-list.ts',
      'retry-delay.ts',
    ],
  },
  // Speaks the same wire protocol from the other end; it knows nothing of gateways and pages.
  { name: 'in-memory ensemble', files: ['dev-ensemble/'] },
  { name: 'ensemble link', files: ['zookeeper/'] },
  {
    name: 'leaves',
    files: [
      'config.ts',
      'options.ts',
      'limits.ts',
      'allowance.ts',
      'page-rate.ts',
      'unread-bytes.ts',
      'fair-queue.ts',
      'holder.ts',
      'connect-rate.ts',
      'waiting-room.ts',
      'client-address.ts',
      'event-loop-lag.ts',
      'errors.ts',
      'metrics.ts',
      'log.ts',
      'path.ts',
      'path-pattern.ts',
      'bound-pattern.ts',
      'claim-value.ts',
      'access-rule.ts',
      'derived-identity.ts',
      'warnings.ts',
      'resume-token.ts',
      'revocation.ts',
      'verification-key.ts',
      'cookie.ts',
      'origin.ts',
      'owner-marks.ts',
    ],
  },
]

/** Where the server may import each third-party package; a package that is not listed, nowhere. */
export const SERVER_PACKAGES: Record<string, string[]> = {
  ws: ['gateway.ts'],
  // The command signs tokens; everything that arrives is verified in the one other file.
  jsonwebtoken: ['authenticate.ts', 'cli/token.ts'],
  jose: ['jwks.ts'],
  'ipaddr.js': ['client-address.ts'],
  'node-zookeeper-client': ['zookeeper/'],
  pino: ['log.ts'],
  'prom-client': ['metrics.ts', 'status.ts'],
  commander: ['cli/'],
  zod: [
    'config.ts',
    'options.ts',
    'protocol.ts',
    'claims.ts',
    'admin.ts',
    'access-rule.ts',
    'resume-token.ts',
    'cli/fault-requests.ts',
    'cli/posted.ts',
    'cli/simulation-requests.ts',
  ],
}

/** Where the SDK may import what else a page has: in the entry that is made for it, by pages that have it. */
export const SDK_PEERS: Record<string, string> = { react: 'react.ts', vue: 'vue.ts' }

/** Everything that may stand at the top of the repository. */
export const TOP_LEVEL = [
  '.biome.json',
  '.ci',
  '.dockerignore',
  '.gitignore',
  '.npmrc',
  '.tsconfig.base.json',
  'CHANGELOG.md',
  'Dockerfile',
  'LICENSE',
  'README.md',
  'client-sdk',
  'compose.yaml',
  'examples',
  'package-lock.json',
  'package.json',
  'server',
  'test',
  'tsconfig.json',
]
