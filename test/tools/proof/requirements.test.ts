import { expect, it } from 'vitest'
import { howToInstall, missing, REQUIREMENTS, type Requirement } from '../installed.js'
import { requiresAll, verdict } from '../requirements.js'
import { report } from '../requirements-report.js'

it('a missing requirement comes with the exact line that installs it', () => {
  expect(howToInstall(['zookeeper', 'kazoo', 'chromium'])).toBe(
    'apt-get install -y zookeeper python3-kazoo chromium',
  )
})

it('the report names each missing requirement and how to install it', () => {
  const text = report(['chromium'])
  expect(text).toContain('NOT EVERYTHING WAS TESTED')
  expect(text).toContain('Chromium')
  expect(text).toContain('apt-get install -y chromium\n')
  expect(text).not.toContain('ZooKeeper')
})

it('the report is empty when nothing is missing', () => {
  expect(report([])).toBeNull()
})

it('a test that cannot run is skipped, and fails where everything is required', () => {
  expect(verdict(['kazoo'], false)).toBe('skip')
  expect(verdict(['kazoo'], true)).toBe('fail')
  expect(verdict([], true)).toBe('run')
  expect(requiresAll({ ZOOGATE_REQUIRE_ALL: '1' })).toBe(true)
  expect(requiresAll({})).toBe(false)
})

it('a requirement counts as missing exactly when it is not installed', () => {
  const absent = (Object.keys(REQUIREMENTS) as Requirement[]).filter(
    (one) => !REQUIREMENTS[one].isInstalled(),
  )
  expect(missing()).toEqual(absent)
})
