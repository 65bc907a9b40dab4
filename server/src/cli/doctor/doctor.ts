import { ConfigError } from '../../config/options.js'
import { ServerList, serverName } from '../../zookeeper/index.js'
import { examineEnsemble } from './ensemble-examination.js'
import { type Finding, fail, lineOf } from './finding.js'
import { AttachError } from './probe-session.js'
import { examineServer } from './server-examination.js'

/**
 * Checks whether an ensemble suits a gateway, and prints a line for each check: the finding, and the change that helps. It
 * opens 70 connections for a moment to a server that does not say its limit of connections. It leaves no node and no session.
 *
 * @returns the exit code: 1 when a check fails
 * @throws ConfigError for a connect string that cannot be read
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
    yield fail(
      'no server opens a session',
      'repair the servers above, then run doctor again: all other checks need a session',
    )
    return
  }
  try {
    yield* examineEnsemble([first, ...others], chroot)
  } catch (error) {
    if (!(error instanceof AttachError)) throw error
    yield fail(
      `the ensemble opens no more sessions (${error.message})`,
      'run doctor again when the ensemble is stable',
    )
  }
}

function parse(connectString: string): ReturnType<typeof ServerList.parse> {
  try {
    return ServerList.parse(connectString)
  } catch (error) {
    throw new ConfigError(`--zookeeper: ${(error as Error).message}`)
  }
}
