import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/**
 * Makes of TypeScript sources, the SDK's among them, files that Node runs, by their names with the ending `.mjs`. Packages are
 * found from the folder, which so has to stand beside or below the module folder.
 */
export async function buildProcesses(folder: string, entryPoints: string[]): Promise<void> {
  await build({
    entryPoints,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    alias: {
      'zoogate-client/protocol': source('../../../client-sdk/src/protocol.ts'),
      'zoogate-client/recipes': source('../../../client-sdk/src/recipes/index.ts'),
      'zoogate-client': source('../../../client-sdk/src/index.ts'),
    },
    logLevel: 'warning',
  })
}
