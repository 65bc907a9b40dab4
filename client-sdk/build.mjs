// What tsc does not make: the CommonJS builds, the one file for a script tag, and CommonJS's own declarations.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { build } from 'esbuild'

const here = (path) => new URL(path, import.meta.url)
const shared = { bundle: true, target: 'es2022', logLevel: 'warning', absWorkingDir: here('.').pathname }

await build({
  ...shared,
  entryPoints: ['src/index.ts', 'src/protocol.ts'],
  format: 'cjs',
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
})
await build({
  ...shared,
  entryPoints: ['src/index.ts'],
  format: 'iife',
  globalName: 'zoogate',
  minify: true,
  outfile: 'dist/zoogate-client.global.js',
})

// A declaration file belongs to the module system that its extension names, and so must those that it imports.
for (const name of await readdir(here('dist'))) {
  if (!name.endsWith('.d.ts')) continue
  const text = await readFile(here(`dist/${name}`), 'utf8')
  const own = text
    .replace(/(['"]\.\/[\w-]+)\.js(['"])/g, '$1.cjs$2')
    .replace(/^\/\/# sourceMappingURL=.*\n?/m, '')
  await writeFile(here(`dist/${name.replace(/\.d\.ts$/, '.d.cts')}`), own)
}
