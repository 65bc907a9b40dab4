import { describe, expect, it } from 'vitest'
import { LIMIT_NAMES } from '../../../../server/src/config/limit-settings.js'
import { SETTING_NAMES, settingOf } from '../../../../server/src/config/settings.js'
import { envName, flagName } from '../../../../server/src/config/sources.js'

// Later additions may raise these. A file twin of another setting counts as none.
const MAX_SETTINGS = 45
const MAX_LIMITS = 24
const TWINS = ['rulesFile']

describe('the table of settings', () => {
  it('stays small enough for an operator to read', () => {
    expect(SETTING_NAMES.filter((name) => !TWINS.includes(name)).length).toBeLessThanOrEqual(MAX_SETTINGS)
    expect(LIMIT_NAMES.length).toBeLessThanOrEqual(MAX_LIMITS)
  })

  it('gives each setting one flag and one variable', () => {
    expect(flagName('jwtPublicKeyFile')).toBe('jwt-public-key-file')
    expect(envName('jwtPublicKeyFile')).toBe('ZOOGATE_JWT_PUBLIC_KEY_FILE')
    expect(new Set(SETTING_NAMES.map(envName)).size).toBe(SETTING_NAMES.length)
  })

  it('has no row for a name that an object inherits', () => {
    expect(settingOf('constructor')).toBeUndefined()
  })
})

describe.each(SETTING_NAMES)('the setting %s', (name) => {
  const setting = settingOf(name)

  it('says what it does in a sentence of at least four words', () => {
    expect(setting?.says.split(' ').length).toBeGreaterThanOrEqual(4)
    expect(setting?.says).toMatch(/^(?:[A-Z]|true:|rules:).*\.$/)
  })

  it('has a default, or says what happens without it', () => {
    expect(setting?.default === undefined).toBe(setting?.otherwise !== undefined)
  })

  it('has a default within its bounds', () => {
    if (setting === undefined || !('min' in setting)) return
    expect(setting.default).toBeGreaterThanOrEqual(setting.min)
    expect(setting.default).toBeLessThanOrEqual(setting.max ?? Number.MAX_SAFE_INTEGER)
  })
})
