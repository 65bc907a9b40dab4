import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface InstalledZooKeeper {
  /** For `java -cp`. */
  classPath: string
  /** Path of the Java executable. */
  java: string
}

/** How to get one, for error messages. */
export const HOW_TO_INSTALL_ZOOKEEPER =
  'Install it with `apt-get install -y zookeeper`, or unpack a release of Apache ZooKeeper, set ZOOKEEPER_HOME to its folder and put java on the PATH.'

const DEBIAN_JARS = '/usr/share/java'

// The Debian jar's manifest forgets the last two, without which TLS does not start; the first shows the log.
const DEBIAN_EXTRAS = ['slf4j-simple.jar', 'netty-codec.jar', 'netty-resolver.jar']

/** Looks for Apache ZooKeeper in ZOOKEEPER_HOME and in Debian's folder; null where it or Java is missing. */
export function findZooKeeper(env: NodeJS.ProcessEnv = process.env): InstalledZooKeeper | null {
  const java = findJava(env)
  const home = env.ZOOKEEPER_HOME
  const classPath = home ? releaseClassPath(home) : debianClassPath()
  return java !== null && classPath !== null ? { java, classPath } : null
}

function findJava(env: NodeJS.ProcessEnv): string | null {
  const folders = (env.PATH ?? '').split(delimiter)
  if (env.JAVA_HOME) folders.unshift(join(env.JAVA_HOME, 'bin'))
  return folders.map((folder) => join(folder, 'java')).find((path) => existsSync(path)) ?? null
}

/** A release keeps its jars in lib/; before 3.5.5 ZooKeeper's own lay beside that folder. */
function releaseClassPath(home: string): string | null {
  const folders = [home, join(home, 'lib')].filter((folder) => existsSync(folder))
  const jars = folders.flatMap((folder) => jarsIn(folder))
  if (!jars.some((path) => /[\\/]zookeeper-?[\d.]*\.jar$/.test(path))) return null
  return [...jars, join(home, 'conf')].join(delimiter)
}

function jarsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jar'))
    .map((name) => join(folder, name))
}

function debianClassPath(): string | null {
  const main = join(DEBIAN_JARS, 'zookeeper.jar')
  if (!existsSync(main)) return null
  const extras = DEBIAN_EXTRAS.map((name) => join(DEBIAN_JARS, name)).filter((path) => existsSync(path))
  return [main, ...extras].join(delimiter)
}
