import { expect, it } from 'vitest'
import { howToInstall, missing, REQUIREMENTS, type Requirement } from '../installed.js'
import { requiresAll, verdict } from '../requirements.js'
import { report } from '../requirements-report.js'

it('names the exact line that installs what is missing', () => {
  expect(howToInstall(['zookeeper', 'kazoo', 'chromium'])).toBe(
    'apt-get install -y zookeeper python3-kazoo chromium',
  )
})

it('reports each missing thing and how to get it at the end of a run', () => {
  const text = report(['chromium'])
  expect(text).toContain('NOT EVERYTHING WAS TESTED')
  expect(text).toContain('Chromium')
  expect(text).toContain('apt-get install -y chromium\n')
  expect(text).not.toContain('ZooKeeper')
})

it('reports nothing where nothing is missing', () => {
  expect(report([])).toBeNull()
})

it('skips what cannot run, and fails it where everything is required', () => {
  expect(verdict(['kazoo'], false)).toBe('skip')
  expect(verdict(['kazoo'], true)).toBe('fail')
  expect(verdict([], true)).toBe('run')
  expect(requiresAll({ ZOOGATE_REQUIRE_ALL: '1' })).toBe(true)
  expect(requiresAll({})).toBe(false)
})

it('counts as missing exactly what is not installed', () => {
  const absent = (Object.keys(REQUIREMENTS) as Requirement[]).filter(
    (one) => !REQUIREMENTS[one].isInstalled(),
  )
  expect(missing()).toEqual(absent)
})
