import { afterEach, beforeEach, expect } from 'vitest'
import WebSocket from 'ws'
import { startTestZoogate, type TestZoogate, type TestZoogateOptions } from 'zoogate/testing'
import { type ClientOptions, type CoreClient, createClient } from 'zoogate-client/core'
import { waitUntil } from '../wait-until.js'

/** Session timeouts are twenty ticks at most: 2 s. */
const TIMEOUT_MS = 2_000

/** A gateway on an in-memory ensemble, for each test, and the pages that it makes. */
export interface Stage {
  zoogate: TestZoogate
  /** A page that is CONNECTED. */
  page(options?: Partial<ClientOptions>): Promise<CoreClient>
  /** A page that has not connected yet. */
  newPage(options?: Partial<ClientOptions>): CoreClient
}

/** To be called at the top of a test file. */
export function stageForEach(options: TestZoogateOptions = { servers: 1 }): Stage {
  const pages: CoreClient[] = []
  const newPage = (clientOptions: Partial<ClientOptions> = {}) => {
    const name = `page-${pages.length}`
    const page = createClient({
      url: stage.zoogate.url,
      getToken: () => stage.zoogate.token(name),
      sessionTimeoutMs: TIMEOUT_MS,
      WebSocket,
      ...clientOptions,
    })
    pages.push(page)
    return page
  }
  const stage = {
    newPage,
    page: async (clientOptions?: Partial<ClientOptions>) => {
      const page = newPage(clientOptions)
      await page.connect()
      return page
    },
  } as Stage
  beforeEach(async () => {
    stage.zoogate = await startTestZoogate(options)
  })
  afterEach(async () => {
    stage.zoogate.ensemble.resumeLinks()
    await Promise.all(pages.splice(0).map((page) => page.close()))
    await stage.zoogate.close()
  })
  return stage
}

/** The children of a node, sorted as text; empty without a node. */
export async function childrenOf(page: CoreClient, path: string): Promise<string[]> {
  if ((await page.exists(path)) === null) return []
  return (await page.getChildren(path)).children.sort()
}

/** Waits until that number of contenders stand under the path. */
export async function untilQueued(page: CoreClient, path: string, count: number): Promise<string[]> {
  return waitUntil(
    `${count} contend for ${path}`,
    async () => {
      const children = await childrenOf(page, path)
      return children.length === count ? children : null
    },
    { intervalMs: 10 },
  )
}

/** Resolves with the reason when the signal is aborted. */
export function abortOf(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason)
    else signal.addEventListener('abort', () => resolve(signal.reason))
  })
}

/** Resolves with the code of the ZoogateError that the promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  const error = await promise.then(
    () => {
      throw new Error('it should have been rejected')
    },
    (error: unknown) => error,
  )
  expect(error).toHaveProperty('code')
  return (error as { code: unknown }).code
}
