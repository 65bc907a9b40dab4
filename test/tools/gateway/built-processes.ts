import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/**
 * Bundles TypeScript entry points with the SDK's sources into `.mjs` files that Node runs. Node finds their packages from the
 * folder, so it has to stand beside or below node_modules.
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
