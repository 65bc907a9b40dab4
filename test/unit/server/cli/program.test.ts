import { describe, expect, it } from 'vitest'
import { createProgram } from '../../../../server/src/cli/program.js'
import { SETTING_NAMES, settingOf } from '../../../../server/src/config/settings.js'
import { flagName } from '../../../../server/src/config/sources.js'

const HELP = createProgram()
  .commands.find((command) => command.name() === 'serve')
  ?.helpInformation() as string

describe('zoogate serve --help', () => {
  it.each(SETTING_NAMES)('explains %s with its sentence and its default', (name) => {
    const setting = settingOf(name)
    const entry = HELP.split(/\n(?= {2}--)/).find((text) => text.startsWith(`  --${flagName(name)} `))
    const text = entry?.replaceAll(/\s+/g, ' ')
    expect(text).toContain(setting?.says.replaceAll(/\s+/g, ' '))
    expect(text).toContain(String(setting?.default ?? setting?.otherwise))
  })

  it('fits 100 columns', () => {
    expect(HELP.split('\n').filter((line) => line.length > 100)).toEqual([])
  })

  it('groups the settings by how often they are needed', () => {
    const headings = HELP.match(/^\S.*:$/gm)
    expect(headings).toEqual([
      'Options:',
      'Needed settings:',
      'Usual settings:',
      'Rarely changed settings:',
      'Ask what the rules allow:',
    ])
  })
})
