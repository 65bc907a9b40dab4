import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { SETTINGS } from '../config/settings.js'
import { flagName } from '../config/sources.js'
import { type DevFlags, runDev } from './dev/dev.js'
import { runDoctor } from './doctor/doctor.js'
import { type ExplainFlags, runExplain } from './explain.js'
import { runServe } from './serve/serve.js'
import { printToken } from './token.js'

export function createProgram(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const program = new Command('zoogate')
    .description('A gateway that gives each web page a real Apache ZooKeeper session.')
    .version(version)

  const serve = program
    .command('serve')
    .description('run the gateway for an ensemble')
    .option('--config <file>', 'JSON file with settings')
    .option('--explain', 'connect nowhere; say whether the rules allow --sub the --op on --path, and why')
    .option('--sub <name>', 'with --explain: the subject of the token')
    .option(
      '--claim <key=value...>',
      'with --explain: its further claims; a value that is JSON is taken as JSON',
    )
    .option('--chroot <path>', 'with --explain: its chroot')
    .option('--op <operation>', 'with --explain: create, delete, getData, … (--path is the path of the node)')
    .option('--mode <mode>', 'with --explain: mode of a create; default persistent')
    .option('--watch', 'with --explain: a read that sets a watch')
    .option('--recursive', 'with --explain: an addWatch for everything below')
    .addHelpText(
      'after',
      '\nWith --explain the exit code is 0 for allowed, 1 for forbidden, 2 for bad usage.',
    )
    .action(async (flags: ExplainFlags & Record<string, unknown>) => {
      if (flags.explain) process.exitCode = runExplain(flags)
      else await runServe(flags)
    })
    // Not 1, which with --explain means forbidden.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  for (const [name, setting] of Object.entries(SETTINGS)) {
    serve.addOption(new Option(`--${flagName(name)} <value>`, setting.says))
  }

  program
    .command('dev')
    .description('run gateway, presence board, service board and demo tokens on loopback')
    .option('--port <port>', 'port to listen on, 0 for any', '8080')
    .option(
      '--zookeeper <hosts>',
      'connect string of a real ensemble; default: one in memory, for first runs',
    )
    .option('--open', 'open the board in the default browser')
    .action((flags: DevFlags) => runDev(flags))

  program
    .command('doctor')
    .description('ask an ensemble what would go wrong for a gateway, and what to change')
    .requiredOption('--zookeeper <hosts>', 'connect string: host:port,host:port/chroot')
    .action(async (flags: { zookeeper: string }) => {
      process.exitCode = await runDoctor(flags)
    })

  program
    .command('token')
    .description('print a token signed with ZOOGATE_JWT_SECRET')
    .requiredOption('--sub <name>', 'subject')
    .option('--ttl <time>', 'lifetime: 90s, 15m, 1h, 7d', '1h')
    .option('--claim <key=value...>', 'further claims; a value that is JSON is taken as JSON')
    .action((flags: { sub: string; ttl: string; claim?: string[] }) => printToken(flags))

  return program
}
