import { type Server, serverName } from '../../zookeeper/index.js'
import { connectionsKept } from './connection-trial.js'
import { type Finding, fail, ok, warn } from './finding.js'
import { fourLetterWord } from './four-letter-word.js'
import { AttachError, ProbeSession } from './probe-session.js'

/** ZooKeeper's own default; fewer stop a gateway before its first hundred pages. */
const DEFAULT_MAX_CLIENT_CNXNS = 60

/** From here on other limits of a gateway come first. */
const MANY_CONNECTIONS = 1_000

/** Above the default limit, and little for any server. */
const TRIAL_CONNECTIONS = 70

/** A burst of connections above the backlog waits a second for its SYN to be sent again. */
const SHORT_BACKLOG = 1_000
const DEFAULT_BACKLOG = 50

const OPEN_LIMIT = 'set maxClientCnxns=0 on the servers: all sessions of a gateway come from one address'

const NO_QUORUM = 'check the other servers, or wait if this one is starting: it has no quorum'

/** What one server says and does by itself. `reachable`: it opened a session. */
export async function examineServer(server: Server): Promise<{ reachable: boolean; findings: Finding[] }> {
  const name = serverName(server)
  // One after the other: they must not use up a low maxClientCnxns among themselves.
  const attach = await attachOnce(name)
  const srvr = await word(server, 'srvr')
  if (attach !== null)
    return { reachable: false, findings: [fail(`${name} ${attach}`, unreachableAdvice(srvr))] }
  const conf = await word(server, 'conf')
  const mode = /^Mode: (\S+)$/m.exec(srvr)?.[1] ?? 'mode unknown: srvr is not on its 4lw.commands.whitelist'
  return {
    reachable: true,
    findings: [
      ok(`${name} opens sessions (${mode})`),
      ...versionFindings(name, srvr),
      await connectionLimit(server, conf),
      ...backlogFindings(name, conf),
    ],
  }
}

/** Null, or why not. */
async function attachOnce(name: string): Promise<string | null> {
  try {
    const session = await ProbeSession.open(name)
    await session.close()
    return null
  } catch (error) {
    if (error instanceof AttachError) return `opens no session: ${error.message}`
    throw error
  }
}

/** '' where the server does not answer, or not this word: it is asked for what helps, and needs not tell. */
function word({ host, port }: Server, text: string): Promise<string> {
  return fourLetterWord(port, text, { host }).catch(() => '')
}

function unreachableAdvice(srvr: string): string {
  if (srvr.includes('not currently serving')) return NO_QUORUM
  return 'start it, or take it out of the connect string; check its clientPort and the network'
}

function versionFindings(name: string, srvr: string): Finding[] {
  const [, text, ...numbers] = /^Zookeeper version: ((\d+)\.(\d+)\.(\d+))/m.exec(srvr) ?? []
  const [major, minor, patch] = numbers.map(Number)
  if (text === undefined || major === undefined || minor === undefined || patch === undefined) return []
  const version = major * 1e6 + minor * 1e3 + patch
  const what = `${name} runs ZooKeeper ${text}`
  if (version < 3_005_000) return [fail(what, 'upgrade to 3.8.4 or later: zoogate needs what came with 3.5')]
  if (version < 3_006_000) {
    return [warn(what, 'upgrade to 3.8.4 or later: lasting watches came with 3.6')]
  }
  if (version < 3_008_004 || (version >= 3_009_000 && version < 3_009_002)) {
    return [
      warn(
        what,
        'upgrade to 3.8.4, 3.9.2 or later: lasting watches tell paths also to those who may not read',
      ),
    ]
  }
  return [ok(what)]
}

async function connectionLimit(server: Server, conf: string): Promise<Finding> {
  const name = serverName(server)
  const limit = setting(conf, 'maxClientCnxns')
  if (limit === null) return triedLimit(name, await connectionsKept(server, TRIAL_CONNECTIONS))
  if (limit === 0) return ok(`${name} has no limit of connections from one address`)
  const what = `${name} takes ${limit} connections from one address`
  if (limit < DEFAULT_MAX_CLIENT_CNXNS) return fail(what, OPEN_LIMIT)
  return limit < MANY_CONNECTIONS ? warn(what, OPEN_LIMIT) : ok(what)
}

function triedLimit(name: string, accepted: number): Finding {
  if (accepted === TRIAL_CONNECTIONS)
    return ok(`${name} takes at least ${accepted} connections from one address`)
  const what = `${name} took about ${accepted} of ${TRIAL_CONNECTIONS} connections from this address`
  // Others on this machine may hold some of the default's sixty.
  return accepted < DEFAULT_MAX_CLIENT_CNXNS / 2 ? fail(what, OPEN_LIMIT) : warn(what, OPEN_LIMIT)
}

function backlogFindings(name: string, conf: string): Finding[] {
  const backlog = setting(conf, 'clientPortListenBacklog')
  if (backlog === null || backlog >= SHORT_BACKLOG) return []
  const length = backlog > 0 ? backlog : DEFAULT_BACKLOG
  return [
    warn(
      `${name} queues ${length} connections that it has not accepted yet`,
      'set clientPortListenBacklog=4096: when a gateway reconnects all its sessions, the rest wait a second each time',
    ),
  ]
}

function setting(conf: string, name: string): number | null {
  const value = new RegExp(`^${name}=(-?\\d+)$`, 'm').exec(conf)?.[1]
  return value === undefined ? null : Number(value)
}
