import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type { Component } from 'svelte'
import { compile } from 'svelte/compiler'

type Page = Pick<typeof import('svelte'), 'mount' | 'hydrate' | 'unmount'>
type Server = Pick<typeof import('svelte/server'), 'render'>

interface Built<Runtime> {
  Component: Component<Record<string, unknown>>
  /** The Svelte that the component was built with. */
  runtime: Runtime
}

/** The bundle of a component for a page. */
export const buildForPage = (source: string): Promise<Built<Page>> =>
  bundle(source, 'client', "export { mount, hydrate, unmount } from 'svelte'")

/** The bundle of a component for a server. */
export const buildForServer = (source: string): Promise<Built<Server>> =>
  bundle(source, 'server', "export { render } from 'svelte/server'")

async function bundle<Runtime>(
  source: string,
  generate: 'client' | 'server',
  runtime: string,
): Promise<Built<Runtime>> {
  const { js } = compile(source, { generate, name: 'Component' })
  const folder = await mkdtemp(join(tmpdir(), 'zoogate-svelte-'))
  const outfile = join(folder, 'component.mjs')
  try {
    await build({
      stdin: { contents: `${js.code}\n${runtime}`, resolveDir: import.meta.dirname },
      bundle: true,
      format: 'esm',
      conditions: generate === 'client' ? ['browser'] : ['node'],
      logLevel: 'error',
      outfile,
    })
    const { default: Component, ...rest } = await import(pathToFileURL(outfile).href)
    return { Component, runtime: rest }
  } finally {
    await rm(folder, { recursive: true })
  }
}
