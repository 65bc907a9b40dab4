// What tsc does not make, which is all but the declarations: the SDK as one small file for each way to load it, and
// CommonJS's own declarations.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { build } from 'esbuild'

const here = (path) => new URL(path, import.meta.url)

// Properties that only the SDK itself touches; they get names of a letter or two. Whatever the page, the gateway or
// the browser reads keeps its name: no name that stands in protocol.ts, in the public types or in a web interface.
const INTERNAL = (
  'accept again answer askToken atOnce backoff call change check claim ' +
  'createWatches dial drop emit end ended enqueue events failAll fire ' +
  'flow flush forget heardAt hidden hold interrupt isOpen isSent key ' +
  'leave lists make open point promise read refuse reset ' +
  'resync returned see settings settle start stop streams tell update ' +
  'urls waitMs wake woke'
).split(' ')

const shared = { bundle: true, target: 'es2022', logLevel: 'warning', absWorkingDir: here('.').pathname }
const library = {
  ...shared,
  minify: true,
  sourcemap: true,
  mangleProps: new RegExp(`^(${INTERNAL.join('|')})$`),
}
const entryPoints = ['src/index.ts', 'src/core.ts']

// Both entries take what they share from one file, so that a page that loads both has one ZoogateError.
await build({ ...library, entryPoints, format: 'esm', outdir: 'dist', splitting: true, chunkNames: 'shared' })
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
for (const name of await readdir(here('dist'))) {
  if (!name.endsWith('.d.ts')) continue
  const text = await readFile(here(`dist/${name}`), 'utf8')
  const own = text
    .replace(/(['"]\.\/[\w-]+)\.js(['"])/g, '$1.cjs$2')
    .replace(/^\/\/# sourceMappingURL=.*\n?/m, '')
  await writeFile(here(`dist/${name.replace(/\.d\.ts$/, '.d.cts')}`), own)
}
