/** The layers of one package: its folders from top to bottom, and the entry points that stand above them all. */
export interface Layers {
  /** Folder of the sources, from the root of the repository. */
  root: string
  /** Files directly under `root`. They may import every folder. */
  entries: string[]
  /** From top to bottom. A file imports from its own folder and from the folders below it. */
  folders: string[]
}

export const SERVER_LAYERS: Layers = {
  root: 'server/src/',
  entries: ['main.ts', 'index.ts', 'testing.ts'],
  folders: [
    'cli',
    'gateway',
    'revocation',
    'config',
    'connection',
    'views',
    'session',
    'access',
    'wire',
    // It speaks ZooKeeper's wire protocol from the server's end, with the codec of the link; it knows nothing of pages.
    'dev-ensemble',
    'zookeeper',
    'telemetry',
    'limits',
  ],
}

export const SDK_LAYERS: Layers = {
  root: 'client-sdk/src/',
  entries: ['index.ts', 'live.ts', 'core.ts', 'react.ts', 'vue.ts', 'svelte.ts', 'protocol.ts'],
  folders: ['bindings', 'recipes', 'client', 'presence', 'views', 'watches', 'operations', 'session'],
}

/** Where the server may import each third-party package; a package that is not listed, nowhere. */
export const SERVER_PACKAGES: Record<string, string[]> = {
  ws: ['gateway/acceptor.ts'],
  // The command signs tokens; every token that arrives is verified in the one other file.
  jsonwebtoken: ['access/authenticate.ts', 'cli/token.ts'],
  jose: ['access/jwks.ts'],
  'ipaddr.js': ['access/request.ts'],
  'node-zookeeper-client': ['zookeeper/package.ts'],
  pino: ['telemetry/log.ts'],
  'prom-client': ['telemetry/metrics.ts', 'gateway/status.ts'],
  commander: ['cli/'],
  zod: [
    'config/',
    'wire/',
    'session/operations.ts',
    'access/claims.ts',
    'access/rules.ts',
    'access/resume-token.ts',
    'revocation/admin.ts',
    'cli/dev/',
  ],
}

/** Where the SDK may import a framework: in the one entry for pages that have it. */
export const SDK_PEERS: Record<string, string> = { react: 'react.ts', vue: 'vue.ts' }

/** Signs of a folder that holds more than one subject, and of a file that does. */
export const MAX_FILES = 20
export const MAX_LINES = 400
/** Signs of a part that knows too much: the imports of one file of the server, and the lines of one function. */
export const MAX_IMPORTS = 18
export const MAX_FUNCTION_LINES: Record<string, number> = { 'server/src/': 70, 'client-sdk/src/': 70 }
/** A file that is short and has one importer may belong into that importer. The server may keep a few apart. */
export const SHORT_FILE_LINES = 40
export const MAX_SHORT_FILES = 5

/** Everything that may stand at the top of the repository. */
export const TOP_LEVEL = [
  '.biome.json',
  '.ci',
  '.dockerignore',
  '.github',
  '.gitignore',
  '.npmrc',
  '.tsconfig.base.json',
  'ARCHITECTURE.md',
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

/** The folders of tests, by the project of test/vitest.config.ts that runs them. */
export const TEST_FOLDERS: Record<'unit' | 'real' | 'long', string[]> = {
  unit: ['unit', 'architecture', 'contract', 'mutation'],
  real: ['end-to-end', 'zookeeper', 'packages'],
  long: ['chaos', 'siege', 'fuzz', 'bench', 'tools/proof'],
}
