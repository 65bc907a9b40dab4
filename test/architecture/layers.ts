/** One layer of the server. Paths are relative to server/src; one that ends in a slash is a whole folder. */
export interface Layer {
  name: string
  files: string[]
}

/** From top to bottom. A file imports from its own layer and from those below it. */
export const SERVER_LAYERS: Layer[] = [
  { name: 'entry points', files: ['main.ts', 'index.ts', 'testing.ts'] },
  { name: 'commands', files: ['cli/'] },
  { name: 'gateway', files: ['gateway.ts', 'status.ts', 'origin.ts', 'shared-frame.ts'] },
  { name: 'connection', files: ['connection.ts', 'outbox.ts', 'page-heartbeat.ts'] },
  {
    name: "a page's messages and rights",
    files: ['protocol.ts', 'authenticate.ts', 'access.ts', 'resume.ts'],
  },
  { name: 'live views', files: ['views/'] },
  {
    name: 'session',
    files: [
      'session.ts',
      'operations.ts',
      'operation-limits.ts',
      'node-values.ts',
      'ensemble.ts',
      'session-table.ts',
      'attach-gate.ts',
      'takeover.ts',
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
      'errors.ts',
      'metrics.ts',
      'log.ts',
      'path.ts',
      'warnings.ts',
      'resume-token.ts',
      'owner-marks.ts',
    ],
  },
]

/** Where the server may import each third-party package; a package that is not listed, nowhere. */
export const SERVER_PACKAGES: Record<string, string[]> = {
  ws: ['gateway.ts'],
  // The command signs tokens; everything that arrives is verified in the one other file.
  jsonwebtoken: ['authenticate.ts', 'cli/token.ts'],
  'node-zookeeper-client': ['zookeeper/'],
  pino: ['log.ts'],
  'prom-client': ['metrics.ts', 'status.ts'],
  commander: ['cli/'],
  zod: [
    'config.ts',
    'options.ts',
    'protocol.ts',
    'authenticate.ts',
    'access.ts',
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
