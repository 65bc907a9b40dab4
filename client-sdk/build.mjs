// What tsc does not make, which is all but the declarations: the SDK as one small file for each way to load it, and
// CommonJS's own declarations.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { build } from 'esbuild'

const here = (path) => new URL(path, import.meta.url)

// Properties that only the SDK itself touches; they get names of a letter or two. Whatever the page, the gateway or
// the browser reads keeps its name: no name that stands in protocol.ts, in the public types or in a web interface.
const INTERNAL = (
  'accept again answer apply ask askToken atOnce attend backoff begin byNumber call change check claim ' +
  'clock connection contender copy createWatches denyOrThrow depart detach dial doubt drop emit end ' +
  'ended enqueue entry events expect failAll failed feed finish fire flow flush forget giveUp hear heard ' +
  'heardAt held hidden hold interrupt isClosed isEmpty isGood isOpen isOwn isSent isThere keep key ' +
  'leads learn lists live look lost make monotonicMs onLook open opened point promise prove reached ' +
  'read refresh refusal refuse reset restore resync returned see sessionId setError settings settle ' +
  'show shownFrom snapshot stand start step stop streams take tell turn until urls viewers waitMs wake ' +
  'wallMs want wanted wish withdraw woke'
).split(' ')

const shared = {
  bundle: true,
  target: 'es2022',
  logLevel: 'warning',
  absWorkingDir: here('.').pathname,
  outbase: 'src',
  external: ['react', 'vue'],
}
const library = {
  ...shared,
  minify: true,
  sourcemap: true,
  mangleProps: new RegExp(`^(${INTERNAL.join('|')})$`),
}
const entryPoints = ['index', 'core', 'live', 'recipes/index', 'react', 'vue', 'svelte'].map(
  (name) => `src/${name}.ts`,
)

// Their names change with their contents.
for (const name of await readdir(here('dist'))) if (name.startsWith('shared')) await rm(here(`dist/${name}`))

// The entries take what they share from the same files, so that a page that loads several has one ZoogateError.
await build({
  ...library,
  entryPoints,
  format: 'esm',
  outdir: 'dist',
  splitting: true,
  chunkNames: 'shared-[hash]',
})
await build({ ...library, entryPoints, format: 'cjs', outdir: 'dist', outExtension: { '.js': '.cjs' } })
await build({
  ...library,
  entryPoints: ['src/index.ts'],
  format: 'iife',
  globalName: 'zoogate',
  outfile: 'dist/zoogate-client.global.js',
})
await build({ ...shared, entryPoints: ['src/protocol.ts'], format: 'esm', outfile: 'dist/protocol.js' })
await build({ ...shared, entryPoints: ['src/protocol.ts'], format: 'cjs', outfile: 'dist/protocol.cjs' })

// A declaration file belongs to the module system that its extension names, and so must those that it imports.
for (const name of await readdir(here('dist'), { recursive: true })) {
  if (!name.endsWith('.d.ts')) continue
  const text = await readFile(here(`dist/${name}`), 'utf8')
  const own = text
    .replace(/(['"]\.{1,2}\/[\w/-]+)\.js(['"])/g, '$1.cjs$2')
    .replace(/^\/\/# sourceMappingURL=.*\n?/m, '')
  await writeFile(here(`dist/${name.replace(/\.d\.ts$/, '.d.cts')}`), own)
}
