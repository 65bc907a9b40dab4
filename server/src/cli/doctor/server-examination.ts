import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { type Server, serverName } from '../../zookeeper/index.js'
import { type Finding, fail, ok, warn } from './finding.js'
import { fourLetterWord } from './four-letter-word.js'
import { AttachError, ProbeSession } from './probe-session.js'

/** ZooKeeper's own default. A lower limit stops a gateway before its first hundred pages. */
const DEFAULT_MAX_CLIENT_CNXNS = 60

/** From this number on a gateway reaches other limits first. */
const MANY_CONNECTIONS = 1_000

/** Above the default limit, and few for any server. */
const TRIAL_CONNECTIONS = 70
/** A server counts a connection a moment after it has checked the count: up to a batch may slip through. */
const TRIAL_BATCH = 5
/** For a connection, and for a reply. */
const TRIAL_TIMEOUT_MS = 5_000

/** In a burst, a connection above the backlog waits a second until its SYN is sent again. */
const SHORT_BACKLOG = 1_000
const DEFAULT_BACKLOG = 50

const OPEN_LIMIT = 'set maxClientCnxns=0 on the servers: all sessions of a gateway come from one address'

const NO_QUORUM = 'check the other servers, or wait if this one is starting: it has no quorum'

/** Checks one server by itself. `reachable`: it opened a session. */
export async function examineServer(server: Server): Promise<{ reachable: boolean; findings: Finding[] }> {
  const name = serverName(server)
  // One after the other: together they could use up a low maxClientCnxns.
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

/** Null, or the reason why the server opens no session. */
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

/** '' when the server does not answer this word: its answer helps, and the checks go on without it. */
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
  if (version < 3_005_000)
    return [fail(what, 'upgrade to 3.8.4 or later: zoogate needs operations that came with 3.5')]
  if (version < 3_006_000) {
    return [warn(what, 'upgrade to 3.8.4 or later: lasting watches came with 3.6')]
  }
  if (version < 3_008_004 || (version >= 3_009_000 && version < 3_009_002)) {
    return [
      warn(
        what,
        'upgrade to 3.8.4, 3.9.2 or later: before, lasting watches show paths to clients that may not read them',
      ),
    ]
  }
  return [ok(what)]
}

async function connectionLimit(server: Server, conf: string): Promise<Finding> {
  const name = serverName(server)
  const limit = setting(conf, 'maxClientCnxns')
  if (limit === null) return triedLimit(name, await connectionsKept(server))
  if (limit === 0) return ok(`${name} has no limit of connections from one address`)
  const what = `${name} takes ${limit} connections from one address`
  if (limit < DEFAULT_MAX_CLIENT_CNXNS) return fail(what, OPEN_LIMIT)
  return limit < MANY_CONNECTIONS ? warn(what, OPEN_LIMIT) : ok(what)
}

function triedLimit(name: string, accepted: number): Finding {
  if (accepted === TRIAL_CONNECTIONS)
    return ok(`${name} takes at least ${accepted} connections from one address`)
  const what = `${name} took about ${accepted} of ${TRIAL_CONNECTIONS} connections from this address`
  // Other clients on this machine may hold some of the default's sixty.
  return accepted < DEFAULT_MAX_CLIENT_CNXNS / 2 ? fail(what, OPEN_LIMIT) : warn(what, OPEN_LIMIT)
}

function backlogFindings(name: string, conf: string): Finding[] {
  const backlog = setting(conf, 'clientPortListenBacklog')
  if (backlog === null || backlog >= SHORT_BACKLOG) return []
  const length = backlog > 0 ? backlog : DEFAULT_BACKLOG
  return [
    warn(
      `${name} queues ${length} connections that it has not accepted yet`,
      'set clientPortListenBacklog=4096: when a gateway reconnects all its sessions, connections above it wait a second each time',
    ),
  ]
}

function setting(conf: string, name: string): number | null {
  const value = new RegExp(`^${name}=(-?\\d+)$`, 'm').exec(conf)?.[1]
  return value === undefined ? null : Number(value)
}

/**
 * About how many of the trial connections a server keeps at one time. Nothing is sent over them. After each batch one more
 * connection asks `srvr`, which gets no answer once there are too many.
 */
async function connectionsKept({ host, port }: Server): Promise<number> {
  const open = new Set<Socket>()
  try {
    for (let opened = 0; opened < TRIAL_CONNECTIONS; opened += TRIAL_BATCH) {
      await Promise.all(Array.from({ length: TRIAL_BATCH }, () => openOne({ host, port }, open)))
      const answer = await fourLetterWord(port, 'srvr', { host, timeoutMs: TRIAL_TIMEOUT_MS }).catch(() => '')
      if (answer === '') break
    }
    // Ends that the server has sent before may have arrived without having been handled yet.
    await setImmediate()
    return open.size
  } finally {
    for (const socket of open) socket.destroy()
  }
}

/** Resolves when the connection is open or refused. It is in the set while it is open. */
function openOne(server: Server, open: Set<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(server)
    open.add(socket)
    const onGone = () => {
      open.delete(socket)
      socket.destroy()
      resolve()
    }
    socket.setTimeout(TRIAL_TIMEOUT_MS, onGone)
    socket.on('connect', () => {
      socket.setTimeout(0)
      resolve()
    })
    for (const end of ['end', 'close', 'error']) socket.on(end, onGone)
    socket.resume()
  })
}
