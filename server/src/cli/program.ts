import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import type { NumberSetting, Setting } from '../config/setting.js'
import { SETTING_NAMES, SETTINGS } from '../config/settings.js'
import { flagName } from '../config/sources.js'
import { type DevFlags, runDev } from './dev/dev.js'
import { runDoctor } from './doctor/doctor.js'
import { type ExplainFlags, runExplain } from './explain.js'
import { runServe } from './serve/serve.js'
import { printToken } from './token.js'

const HEADINGS: Record<Setting['group'], string> = {
  needed: 'Needed settings:',
  usual: 'Usual settings:',
  rare: 'Rarely changed settings:',
}

/** Columns, where the output is no terminal. */
const HELP_WIDTH = 100

const PLACEHOLDERS: Record<Setting['kind'], string> = {
  text: 'text',
  list: 'list',
  boolean: 'true|false',
  number: 'count',
  file: 'file',
  json: 'json',
  jsonFile: 'file',
}

const CLAIM = 'further claim of the token; a value that is JSON is taken as JSON'

export function createProgram(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const program = new Command('zoogate')
    .description('A gateway that gives each web page a real Apache ZooKeeper session.')
    .version(version)
    .configureOutput({ getOutHelpWidth: () => process.stdout.columns ?? HELP_WIDTH })
  addServe(program)
  addDev(program)
  addDoctor(program)
  addToken(program)
  return program
}

function addServe(program: Command): void {
  const command = program
    .command('serve')
    .summary('Run the gateway for an ensemble.')
    .description(
      'Run the gateway for an ensemble. Each setting is a flag, a variable (ZOOGATE_LINGER_MS) or a key of the ' +
        '--config file (lingerMs); a flag wins over a variable, a variable over the file.',
    )
    .option('--config <file>', 'JSON file with settings')
  for (const name of SETTING_NAMES) command.addOption(optionOf(name, SETTINGS[name]))
  command
    .optionsGroup('Ask what the rules allow:')
    .option('--explain', 'say whether the rules allow --op on --path to --sub, and why; connects to nothing')
    .option('--sub <name>', 'subject of the token')
    .option('--claim <key=value...>', CLAIM)
    .option('--chroot <path>', 'chroot of the token')
    .option('--op <operation>', 'create, delete, getData, …; --path is then the path of the node')
    .option('--mode <mode>', 'mode of a create (default: persistent)')
    .option('--watch', 'the operation is a read that sets a watch')
    .option('--recursive', 'the operation is an addWatch for the whole subtree')
    .addHelpText('after', '\nExit code with --explain: 0 allowed, 1 forbidden, 2 bad usage.')
    .action(async (flags: ExplainFlags & Record<string, unknown>) => {
      if (flags.explain) process.exitCode = runExplain(flags)
      else await runServe(flags)
    })
    // Not 1, which with --explain means forbidden.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
}

function optionOf(name: string, setting: Setting | NumberSetting): Option {
  const usual = setting.default ?? setting.otherwise
  const without = setting.group === 'needed' ? usual : `default: ${usual}`
  const option = new Option(`--${flagName(name)} <${placeholder(setting)}>`, `${setting.says} (${without})`)
  return option.helpGroup(HEADINGS[setting.group])
}

/** The name of the value: its unit or its kind. */
function placeholder(setting: Setting | NumberSetting): string {
  if ('unit' in setting) return setting.unit
  if (setting.choices) return 'choice'
  return PLACEHOLDERS[setting.kind]
}

function addDev(program: Command): void {
  program
    .command('dev')
    .description('Run gateway, presence board, service board and demo tokens, on loopback only.')
    .option('--port <port>', 'port to listen on; 0 takes any', String(SETTINGS.port.default))
    .option('--zookeeper <hosts>', 'connect string of a real ensemble (default: an ensemble in memory)')
    .option('--open', 'open the board in the default browser')
    .action((flags: DevFlags) => runDev(flags))
}

function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('Check whether an ensemble suits a gateway, and say what to change.')
    .requiredOption('--zookeeper <hosts>', 'connect string: host:port,host:port/chroot')
    .addHelpText(
      'after',
      '\nPrints a line for each check: ok, warn or FAIL, what was found, and what to change.' +
        '\nExit code: 0, or 1 when a check fails.',
    )
    .action(async (flags: { zookeeper: string }) => {
      process.exitCode = await runDoctor(flags)
    })
}

function addToken(program: Command): void {
  program
    .command('token')
    .description('Print a token signed with ZOOGATE_JWT_SECRET, for tests and first steps.')
    .requiredOption('--sub <name>', 'subject of the token')
    .option('--ttl <time>', 'lifetime: 90s, 15m, 1h, 7d', '1h')
    .option('--claim <key=value...>', CLAIM)
    .action((flags: { sub: string; ttl: string; claim?: string[] }) => printToken(flags))
}
