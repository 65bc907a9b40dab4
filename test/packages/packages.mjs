// Checks the two packages as they would be published: the files in the tarball, not the files in the tree.
// Run after the build. Ends with an exit code of 1 and a list of everything that is wrong.
import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

// Words that stand in one part of the SDK only, and survive its build: they show which parts a page's bundle has.
const PARTS = {
  views: 'openView',
  lock: 'not held within',
  election: 'resigned',
  'shared value': 'others were faster',
  bindings: 'no mounted component shows',
}

// The gzipped bytes of a page for the parts that it uses.
const BUDGETS = [
  {
    what: 'zoogate-client/core, connect and create',
    maxBytes: 5000,
    parts: [],
    entry: `
      import { createClient } from 'zoogate-client/core'
      const zk = createClient({ url: 'wss://x', getToken: () => '' })
      await zk.connect()
      await zk.create('/a', 'x', { mode: 'ephemeral' })
    `,
  },
  {
    what: 'zoogate-client, everything that a client can do',
    maxBytes: 9000,
    parts: ['views'],
    entry: `
      import { createClient } from 'zoogate-client'
      const zk = createClient({ url: 'wss://x', getToken: () => '' })
      await zk.connect()
      for await (const event of zk.watch('/a')) console.log(event)
    `,
  },
  {
    what: 'zoogate-client/live, session + presence',
    maxBytes: 8000,
    parts: ['views'],
    entry: `
      import { createClient } from 'zoogate-client/live'
      const zk = createClient({ url: 'wss://x', getToken: () => '' })
      await zk.connect()
      const room = zk.presence('/a')
      await room.join({ name: 'Ada' })
      room.subscribe(() => console.log(room.getSnapshot().members))
    `,
  },
  ...[
    ['createLock', 'lock', 3000],
    ['createElection', 'election', 4000],
    ['createSharedValue', 'shared value', 2000],
  ].map(([name, part, maxBytes]) => ({
    what: `zoogate-client/recipes, ${name}`,
    maxBytes,
    parts: [part],
    entry: `import { ${name} } from 'zoogate-client/recipes'; console.log(${name}(zk, '/a'))`,
  })),
  ...[
    ['react', 'useView', 1000],
    ['vue', 'useView', 1000],
    ['svelte', 'view', 1000],
  ].map(([binding, name, maxBytes]) => ({
    what: `zoogate-client/${binding}, ${name}`,
    maxBytes,
    parts: [],
    entry: `import { ${name} } from 'zoogate-client/${binding}'; console.log(${name}(zk, '/a'))`,
  })),
]

const PACKAGES = [
  {
    name: 'zoogate-client',
    folder: 'client-sdk',
    // A bundler or Node from 16 on reads the exports map; older resolvers see only the main entry. The global build has no types.
    attw: ['--profile', 'node16', '--exclude-entrypoints', './global'],
  },
  { name: 'zoogate', folder: 'server', attw: ['--profile', 'esm-only'] },
]

/** Packs one package. @returns the path of the tarball and the names of the files in it. */
async function pack(folder, destination) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination]
  const { stdout } = await run('npm', args, { cwd: join(ROOT, folder) })
  const [{ filename, files }] = JSON.parse(stdout)
  return { tarball: join(destination, filename), files: files.map(({ path }) => path) }
}

/** Lints the tarball's package.json against the files beside it. */
async function lint({ tarball }) {
  const bytes = await readFile(tarball)
  const { messages, pkg } = await publint({
    pack: { tarball: new Uint8Array(bytes).buffer },
    level: 'warning',
  })
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`)
}

/** Resolves the tarball's types as each kind of importer does. */
async function checkTypes({ tarball }, options) {
  const attw = join(ROOT, 'node_modules/.bin/attw')
  const args = [tarball, '--no-definitely-typed', '--no-emoji', '--no-color', '--format', 'ascii', ...options]
  return run(attw, args).then(
    () => [],
    ({ stdout, stderr }) => [`are the types wrong:\n${stdout}${stderr}`],
  )
}

/** Every file that the manifest names is published, and no leftovers of a build are. */
async function checkContents({ files }, folder) {
  const manifest = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'))
  const named = [
    manifest.main,
    manifest.types,
    manifest.module,
    manifest.unpkg,
    manifest.bin,
    manifest.exports,
  ]
  const missing = paths(named).filter((path) => !files.includes(path))
  const leftovers = files.filter((path) => path.endsWith('.tsbuildinfo') || path.includes('node_modules/'))
  return [
    ...missing.map((path) => `package.json names ${path}, which the tarball lacks`),
    ...leftovers.map((path) => `the tarball holds ${path}`),
  ]
}

/** All paths in a part of a manifest, however deep. */
function paths(part) {
  if (typeof part === 'string') return [part.replace(/^\.\//, '')]
  return part === undefined ? [] : Object.values(part).flatMap(paths)
}

/** Lays the tarballs out as npm would install them; the server's dependencies are this workspace's own. */
async function install(packed, project) {
  for (const { name, tarball } of packed) {
    const target = join(project, 'node_modules', name)
    await mkdir(target, { recursive: true })
    await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', target])
  }
  const { dependencies } = JSON.parse(await readFile(join(ROOT, 'server/package.json'), 'utf8'))
  for (const name of Object.keys(dependencies).filter((name) => name !== 'zoogate-client')) {
    const link = join(project, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(await installedAt(name), link)
  }
}

/** npm puts a dependency beside the package that needs it where another version already stands at the root. */
async function installedAt(name) {
  const own = join(ROOT, 'server/node_modules', name)
  return access(own).then(
    () => own,
    () => join(ROOT, 'node_modules', name),
  )
}

const LOADS = {
  'the ESM build loads and exports createClient': [
    '--input-type=module',
    '-e',
    "import { createClient } from 'zoogate-client'; createClient({ url: 'ws://x', getToken: () => '' })",
  ],
  'the CommonJS build loads and exports createClient': [
    '--input-type=commonjs',
    '-e',
    "require('zoogate-client').createClient({ url: 'ws://x', getToken: () => '' })",
  ],
  'the core entry loads as ESM and shares its errors with the complete one': [
    '--input-type=module',
    '-e',
    `import { createClient, ZoogateError } from 'zoogate-client/core'
     import * as complete from 'zoogate-client'
     if (ZoogateError !== complete.ZoogateError) throw new Error('two ZoogateErrors')
     const core = createClient({ url: 'ws://x', getToken: () => '' })
     if ('watch' in core) throw new Error('the core entry is the complete one')`,
  ],
  'the recipes load as ESM, and share their errors with the complete entry': [
    '--input-type=module',
    '-e',
    `import { createLock } from 'zoogate-client/recipes'
     import { createClient, ZoogateError } from 'zoogate-client'
     const zk = createClient({ url: 'ws://x', getToken: () => '' })
     const aborted = createLock(zk, '/a').acquire({ signal: AbortSignal.abort() })
     const error = await aborted.catch((error) => error)
     if (!(error instanceof ZoogateError) || error.code !== 'ABORTED') throw error`,
  ],
  'the recipes load as CommonJS': [
    '--input-type=commonjs',
    '-e',
    "const zk = require('zoogate-client').createClient({ url: 'ws://x', getToken: () => '' }); require('zoogate-client/recipes').createLock(zk, '/a')",
  ],
  'the bindings for Svelte load as ESM without Svelte': [
    '--input-type=module',
    '-e',
    "import { view } from 'zoogate-client/svelte'; if (typeof view !== 'function') throw new Error('no function')",
  ],
  'the core entry loads as CommonJS': [
    '--input-type=commonjs',
    '-e',
    "require('zoogate-client/core').createClient({ url: 'ws://x', getToken: () => '' })",
  ],
  'the protocol subpath loads as ESM': [
    '--input-type=module',
    '-e',
    "import { SUBPROTOCOL } from 'zoogate-client/protocol'; if (SUBPROTOCOL !== 'zoogate.v1') throw SUBPROTOCOL",
  ],
  'the protocol subpath loads as CommonJS': [
    '--input-type=commonjs',
    '-e',
    "if (require('zoogate-client/protocol').SUBPROTOCOL !== 'zoogate.v1') throw new Error('wrong subprotocol')",
  ],
  'the global build defines zoogate.createClient in a script tag': [
    '--input-type=commonjs',
    '-e',
    `const source = require('node:fs').readFileSync(require.resolve('zoogate-client/global'), 'utf8')
     const page = require('node:vm').createContext({ URL, EventTarget, CustomEvent })
     require('node:vm').runInContext(source, page)
     page.zoogate.createClient({ url: 'ws://x', getToken: () => '' })`,
  ],
  'the server loads and exports createGateway': [
    '--input-type=module',
    '-e',
    "import { createGateway } from 'zoogate'; if (typeof createGateway !== 'function') throw new Error('no function')",
  ],
  'the zoogate command starts': ['node_modules/zoogate/bin/zoogate.js', '--help'],
}

async function checkLoading(project) {
  const attempts = Object.entries(LOADS).map(([fact, args]) =>
    run(process.execPath, args, { cwd: project, timeout: 20_000 }).then(
      () => [],
      ({ stderr, message }) => [`not so: ${fact}\n${stderr || message}`],
    ),
  )
  return (await Promise.all(attempts)).flat()
}

async function checkBudget(project, { what, maxBytes, parts, entry }) {
  const path = join(project, 'entry.mjs')
  await writeFile(path, entry)
  const options = {
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    // The page has these parts anyway.
    external: ['react', 'vue'],
    write: false,
    logLevel: 'silent',
  }
  return build({ ...options, entryPoints: [path], absWorkingDir: project }).then(
    ({ outputFiles: [{ contents, text }] }) => [
      ...judgeSize(contents, what, maxBytes),
      ...judgeParts(text, what, parts),
    ],
    ({ message }) => [`the page that measures ${what} does not bundle: ${message}`],
  )
}

function judgeSize(bundle, what, maxBytes) {
  const bytes = gzipSync(bundle, { level: 9 }).length
  console.log(`${what}: ${bundle.length} bytes minified, ${bytes} gzipped (at most ${maxBytes})`)
  return bytes > maxBytes ? [`${what}: ${bytes - maxBytes} bytes over the budget of ${maxBytes}`] : []
}

/** A page's bundle has the parts that it uses, and no others. */
function judgeParts(bundle, what, parts) {
  const found = Object.keys(PARTS).filter((part) => bundle.includes(PARTS[part]))
  const isSame = found.length === parts.length && parts.every((part) => found.includes(part))
  return isSame ? [] : [`${what}: the bundle has ${found} in it instead of ${parts}`]
}

async function check(folder) {
  const packed = []
  const wrong = []
  for (const { name, folder: source, attw } of PACKAGES) {
    const one = await pack(source, folder)
    packed.push({ name, tarball: one.tarball })
    const found = [
      ...(await checkContents(one, source)),
      ...(await lint(one)),
      ...(await checkTypes(one, attw)),
    ]
    wrong.push(...found.map((text) => `${name}: ${text}`))
    console.log(`${name}: ${one.files.length} files packed, linted and resolved`)
  }
  const project = join(folder, 'project')
  await install(packed, project)
  wrong.push(...(await checkLoading(project)))
  for (const budget of BUDGETS) wrong.push(...(await checkBudget(project, budget)))
  return wrong
}

const folder = await mkdtemp(join(tmpdir(), 'zoogate-packages-'))
try {
  const wrong = await check(folder)
  for (const text of wrong) console.error(`\n✗ ${text}`)
  if (wrong.length > 0) process.exitCode = 1
  else console.log('the packages are fit to publish')
} finally {
  await rm(folder, { recursive: true })
}
