import { ConfigError } from '../../config/options.js'
import { ServerList, serverName } from '../../zookeeper/index.js'
import { examineEnsemble } from './ensemble-examination.js'
import { type Finding, fail, lineOf } from './finding.js'
import { AttachError } from './probe-session.js'
import { examineServer } from './server-examination.js'

/**
 * Asks an ensemble what would go wrong for a gateway, and prints a line for each thing looked at: what was found, and what
 * to change. Where a server does not tell its limit it opens 70 connections to it for a moment. It leaves nothing behind.
 *
 * @returns the exit code: 1 when something will not work
 * @throws ConfigError over a connect string that cannot be read
 */
export async function runDoctor(
  { zookeeper }: { zookeeper: string },
  print: (line: string) => void = console.log,
): Promise<number> {
  let exitCode = 0
  for await (const finding of examine(zookeeper)) {
    print(lineOf(finding))
    if (finding.verdict === 'FAIL') exitCode = 1
  }
  return exitCode
}

async function* examine(connectString: string): AsyncGenerator<Finding> {
  const { servers, chroot } = parse(connectString)
  const cursor = servers.cursor(() => 0)
  const all = Array.from({ length: cursor.size }, () => cursor.next())
  const reachable: string[] = []
  const examined = await Promise.all(all.map(examineServer))
  for (const [index, server] of all.entries()) {
    yield* examined[index]?.findings ?? []
    if (examined[index]?.reachable) reachable.push(serverName(server))
  }
  const [first, ...others] = reachable
  if (first === undefined) {
    yield fail('no server opens a session', 'mend the servers above, then ask again for the rest')
    return
  }
  try {
    yield* examineEnsemble([first, ...others], chroot)
  } catch (error) {
    if (!(error instanceof AttachError)) throw error
    yield fail(`the ensemble opens no more sessions (${error.message})`, 'ask again when it is steady')
  }
}

function parse(connectString: string): ReturnType<typeof ServerList.parse> {
  try {
    return ServerList.parse(connectString)
  } catch (error) {
    throw new ConfigError(`--zookeeper: ${(error as Error).message}`)
  }
}
