// Bundles the page into server/dist/board/, from where `zoogate dev` serves it: services.html, services.js, services.css.

import { copyFile, mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))
const outdir = path('../../server/dist/board/')
const options = {
  outdir,
  bundle: true,
  minify: true,
  logLevel: 'warning',
  // Resolves the SDK to node_modules, as in any project that has installed it. In a folder beside its own, esbuild warns
  // of every import between the SDK's chunks that a bundle does not need.
  preserveSymlinks: true,
}

await mkdir(outdir, { recursive: true })
await build({
  ...options,
  entryPoints: { services: path('./src/main.ts') },
  // A classic script, because it runs before the first paint; a module would run after it.
  format: 'iife',
  // The first versions with light-dark() and popovers, which the page uses.
  target: ['chrome123', 'firefox128', 'safari17.5'],
})
await build({ ...options, entryPoints: { services: path('./src/services.css') } })
await copyFile(path('./src/services.html'), path('../../server/dist/board/services.html'))
