import { GROUPS, type NumberSetting, type Setting } from '../../server/src/config/setting.js'
import { SETTING_NAMES, settingOf } from '../../server/src/config/settings.js'
import { envName } from '../../server/src/config/sources.js'

// The reference of settings in README.md, between two marks, as it follows from the table of settings.

const BEGIN = '<!-- settings: written by `npm run settings` -->'
const END = '<!-- end of settings -->'

const TITLES: Record<(typeof GROUPS)[number], string> = {
  needed: 'Needed',
  usual: 'Usual',
  rare: 'Rarely changed',
}

/** The README with this reference in place of the one that it has. */
export function withReference(readme: string): string {
  const [before, rest] = readme.split(BEGIN) as [string, string]
  return `${before}${BEGIN}\n\n${reference()}\n\n${END}${rest.split(END)[1]}`
}

function reference(): string {
  return GROUPS.map((group) => {
    const rows = SETTING_NAMES.flatMap((name) => {
      const setting = settingOf(name)
      return setting?.group === group ? [rowOf(name, setting)] : []
    })
    return [`**${TITLES[group]}**`, '', '| variable | does | default |', '| --- | --- | --- |', ...rows].join(
      '\n',
    )
  }).join('\n\n')
}

function rowOf(name: string, setting: Setting | NumberSetting): string {
  return `| \`${envName(name)}\` | ${setting.says.replaceAll('|', '\\|')} | ${defaultOf(setting)} |`
}

const UNITS: Partial<Record<NumberSetting['unit'], string>> = {
  milliseconds: ' ms',
  seconds: ' s',
  bytes: ' bytes',
}

function defaultOf(setting: Setting | NumberSetting): string {
  if (setting.default === undefined) return setting.otherwise ?? ''
  return `\`${setting.default}\`${('unit' in setting && UNITS[setting.unit]) || ''}`
}
