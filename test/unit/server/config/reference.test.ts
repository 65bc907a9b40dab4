import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { SETTING_NAMES } from '../../../../server/src/config/settings.js'
import { envName } from '../../../../server/src/config/sources.js'
import { withReference } from '../../../tools/settings-reference.js'

const FILE = new URL('../../../../README.md', import.meta.url)

describe('the README', () => {
  it('lists the settings as the table has them', () => {
    const readme = readFileSync(FILE, 'utf8')
    const expected = withReference(readme)
    if (process.env.WRITE_REFERENCE === '1') writeFileSync(FILE, expected)
    else
      expect(readme === expected, 'README.md differs from the table of settings: npm run settings').toBe(true)
  })

  it('names no variable that is no setting', () => {
    const named = readFileSync(FILE, 'utf8').match(/\bZOOGATE_[A-Z_]+\b/g) ?? []
    const known = new Set([...SETTING_NAMES.map(envName), 'ZOOGATE_REQUIRE_ALL'])
    expect([...new Set(named)].filter((name) => !known.has(name))).toEqual([])
  })
})
