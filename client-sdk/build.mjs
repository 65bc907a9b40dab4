// Builds the JavaScript of the SDK, one small file for each way to load it, and the declarations for CommonJS. tsc makes the
// other declarations before.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { build } from 'esbuild'

const here = (path) => new URL(path, import.meta.url)

// Properties that only the SDK uses; the build shortens them to a letter. A property that the page, the gateway or the
// browser reads keeps its name: no name of protocol.ts, of the public types or of a web interface stands here.
const INTERNAL = (
  'accept after again answer apply ask askToken atOnce attend backoff byNumber call catchUp change ' +
  'check claim clock connection contender copy createWatches denyOrThrow depart detach dial doubt drop ' +
  'emit end ended enqueue entry events failAll feed finish fire flow flush forget handles hear heardAt ' +
  'held hidden hold interrupt isEmpty isGood isSent isThere keep key leads learn lists live look lost ' +
  'make miss monotonicMs node open opened point promise prove read receive refresh refusal refuse ' +
  'reset restore returned room see setError settings settle shownFrom snapshot stand start step stop ' +
  'streams turn until urls waitMs wake wallMs want wanted withdraw woke writtenAt zk'
).split(' ')

/**
 * The short name of each internal property: two of them have different letters if one interface or type declares both, and
 * may share a letter otherwise. Fewer different letters compress better.
 */
async function shortNames() {
  const paths = (await readdir(here('src'), { recursive: true })).filter((path) => path.endsWith('.ts'))
  const texts = await Promise.all(paths.map((path) => readFile(here(`src/${path}`), 'utf8')))
  const sources = texts.map((text) => text.replace(/^ *(\/?\*|\/\/).*$/gm, ''))
  const types = sources
    .flatMap((source) => source.match(/^(export )?(interface[\s\S]*?^}|type[\s\S]*?^$)/gm) ?? [])
    .map((type) => type.match(/\w+/g))
  const letters = {}
  const uses = (name) => sources.join().split(new RegExp(`\\b${name}\\b`)).length
  for (const name of INTERNAL.sort((a, b) => uses(b) - uses(a))) {
    const declaring = types.filter((type) => type.includes(name))
    if (declaring.length === 0)
      throw new Error(`no type declares ${name}: give it one, or take it from the list`)
    if (sources.some((source) => source.includes(`'${name}' in `)))
      throw new Error(
        `esbuild does not shorten '${name}' in …, where it stands in quotes: ask for another property`,
      )
    const taken = declaring.flat().map((other) => letters[other])
    letters[name] = LETTERS.find((letter) => !taken.includes(letter))
  }
  return letters
}
// Frequent letters first: they stand in the names that are not shortened, too.
const LETTERS = [...'etnroiaslcudmpfhgvbywxkqzj']

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
  mangleCache: await shortNames(),
}
const entryPoints = ['index', 'core', 'live', 'recipes/index', 'react', 'vue', 'svelte'].map(
  (name) => `src/${name}.ts`,
)

// The names of shared chunks change with their contents: this deletes the old ones.
for (const name of await readdir(here('dist'))) if (name.startsWith('shared')) await rm(here(`dist/${name}`))

// The entries import common code from the same chunks, so that a page that loads several entries has one ZoogateError.
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

// A declaration file belongs to the module system of its extension, and has to import declaration files of that system.
for (const name of await readdir(here('dist'), { recursive: true })) {
  if (!name.endsWith('.d.ts')) continue
  const text = await readFile(here(`dist/${name}`), 'utf8')
  const own = text
    .replace(/(['"]\.{1,2}\/[\w/-]+)\.js(['"])/g, '$1.cjs$2')
    .replace(/^\/\/# sourceMappingURL=.*\n?/m, '')
  await writeFile(here(`dist/${name.replace(/\.d\.ts$/, '.d.cts')}`), own)
}
