import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from '../../../server/src/dev-ensemble/index.js'
import { PYTHON } from '../../tools/installed.js'
import { describeWith } from '../../tools/requirements.js'

const SCRIPT = fileURLToPath(new URL('../../tools/conformance/kazoo_recipes.py', import.meta.url))

/** The script gives up by itself earlier. */
const DEADLINE_MS = 40_000

describeWith('kazoo')('a recipe of kazoo', () => {
  let ensemble: DevEnsemble
  beforeAll(async () => {
    ensemble = await startDevEnsemble({ tickTimeMs: 200 })
  })
  afterAll(() => ensemble?.close())

  it.each([
    ['party', [['one', 'two'], ['one'], 1]],
    ['shallow_party_loses_a_member_whose_session_ends', [2, 1]],
    ['lock', ['one holds', 'two waits', 'two holds']],
    ['lock_passes_on_when_its_holder_goes', true],
    ['election', ['one', 'two']],
    ['data_watch', [null, ['a', 0], ['b', 1], null]],
    ['children_watch', [[], ['a'], ['a', 'b'], ['b']]],
    ['transaction', ['/transaction', 1, ['RolledBackError', 'BadVersionError']]],
    ['credentials', ['NoAuthError', 0]],
  ])(
    'runs on the in-memory ensemble: %s',
    async (recipe, seen) => {
      const { stdout } = await promisify(execFile)(PYTHON, [SCRIPT, ensemble.connectString, recipe], {
        timeout: DEADLINE_MS,
      })
      expect(JSON.parse(stdout)).toEqual(seen)
    },
    DEADLINE_MS,
  )
})
