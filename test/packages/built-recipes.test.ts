import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { startTestZoogate, type TestZoogate } from 'zoogate/testing'
import type * as core from '../../client-sdk/src/core.js'
import type * as recipes from '../../client-sdk/src/recipes/index.js'
import { waitUntil } from '../tools/wait-until.js'

// The builds shorten the names of internal properties, so the tests of the sources prove nothing about them.
const dist = (name: string) => fileURLToPath(new URL(`../../client-sdk/dist/${name}`, import.meta.url))

type Build = typeof core & typeof recipes
const require = createRequire(import.meta.url)
const BUILDS: [name: string, load: () => Promise<Build>][] = [
  ['ESM', async () => ({ ...(await import(dist('core.js'))), ...(await import(dist('recipes/index.js'))) })],
  ['CommonJS', async () => ({ ...require(dist('core.cjs')), ...require(dist('recipes/index.cjs')) })],
]

const PATH = '/elections/president'

describe.each(BUILDS)('the build of the recipes as %s', (_name, load) => {
  let zoogate: TestZoogate
  let build: Build
  let pages: core.CoreClient[]
  beforeEach(async () => {
    zoogate = await startTestZoogate({ servers: 1 })
    build = await load()
    const options = { url: zoogate.url, sessionTimeoutMs: 2_000, WebSocket }
    pages = ['ada', 'bob', 'eve'].map((name) =>
      build.createClient({ ...options, getToken: () => zoogate.token(name) }),
    )
    await Promise.all(pages.map((page) => page.connect()))
  })
  afterEach(async () => {
    await Promise.all(pages.map((page) => page.close()))
    await zoogate.close()
  })

  it('passes the lead on when the leader resigns, and when its session expires', async () => {
    const elections = pages.map((page, number) => build.createElection(page, PATH, { data: `${number}` }))
    const leads = (number: number) =>
      waitUntil(`only page ${number} leads`, () =>
        elections.every((election, other) => election.getSnapshot().isLeader === (other === number)),
      )
    for (const [number, election] of elections.entries()) {
      election.campaign()
      await waitUntil('it stands', async () => (await pages[0]?.exists(PATH))?.numChildren === number + 1)
    }
    await leads(0)
    await elections[0]?.resign()
    await leads(1)
    const session = pages[1]?.session?.id
    expect(session && zoogate.ensemble.expireSession(session)).toBe(true)
    await leads(2)
    await Promise.all(elections.map((election) => election.close()))
  })
})
