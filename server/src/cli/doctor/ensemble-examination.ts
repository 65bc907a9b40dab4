import { DEFAULT_LIMITS } from '../../config/limit-settings.js'
import { type CallResult, CREATE_FLAGS, ERR, errorCodeOf, PERMISSION } from '../../zookeeper/index.js'
import { type Finding, fail, ok, warn } from './finding.js'
import { AttachError, ProbeSession } from './probe-session.js'

const ANYONE = [{ perms: PERMISSION.ALL, scheme: 'world', id: 'anyone' }]

/** The SDK's default. */
const USUAL_TIMEOUT_MS = 10_000

const SHORTEST_TIMEOUT_MS = 1
const LONGEST_TIMEOUT_MS = 3_600_000

const NO_LOCAL_SESSIONS = 'set localSessionsEnabled=false: local sessions cannot resume on another server'

/** Checks sessions and nodes. `servers`: the reachable ones, as `host:port`. */
export async function* examineEnsemble(
  servers: [string, ...string[]],
  chroot: string,
): AsyncGenerator<Finding> {
  yield await timeoutBounds(servers[0])
  yield await resumption(servers)
  const session = await ProbeSession.open(servers[0])
  const missing =
    chroot !== '' && (await session.ask((cb) => session.link.exists(chroot, false, cb))).err !== 0
  if (missing) yield fail(`the chroot ${chroot} does not exist`, `create it: zkCli.sh create ${chroot} ""`)
  else yield* examineNodes(session, chroot)
  await session.close()
}

async function timeoutBounds(server: string): Promise<Finding> {
  const given = async (timeoutMs: number) => {
    const session = await ProbeSession.open(server, { timeoutMs })
    await session.close()
    return session.attached.timeoutMs
  }
  const [shortest, longest] = [await given(SHORTEST_TIMEOUT_MS), await given(LONGEST_TIMEOUT_MS)]
  const what = `session timeouts from ${shortest} to ${longest} ms`
  if (shortest <= USUAL_TIMEOUT_MS && longest >= USUAL_TIMEOUT_MS) return ok(what)
  const bound = shortest > USUAL_TIMEOUT_MS ? 'minSessionTimeout' : 'maxSessionTimeout'
  return warn(what, `pages ask for ${USUAL_TIMEOUT_MS} ms and get another one; change tickTime or ${bound}`)
}

/** The most important check: a session resumes on another server, or on the only one. */
async function resumption(servers: [string, ...string[]]): Promise<Finding> {
  const [one, another = one] = servers
  const first = await ProbeSession.open(one)
  first.detach()
  const where = another === one ? 'over a new connection' : `on ${another}`
  try {
    const second = await ProbeSession.open(another, { session: first.attached })
    await second.close()
    return ok(`a session of ${one} resumes ${where}`)
  } catch (error) {
    if (!(error instanceof AttachError)) throw error
    return fail(`a session of ${one} does not resume ${where} (${error.message})`, NO_LOCAL_SESSIONS)
  }
}

/** Checks nodes below the chroot, with ephemeral nodes only: they go with the session. */
async function* examineNodes(session: ProbeSession, chroot: string): AsyncGenerator<Finding> {
  const { link } = session
  const data = Buffer.alloc(DEFAULT_LIMITS.maxDataBytes)
  const made = await session.ask<{ path: string }>((cb) =>
    link.create(`${chroot}/zoogate-doctor-`, Buffer.alloc(0), ANYONE, CREATE_FLAGS.EPHEMERAL_SEQUENTIAL, cb),
  )
  yield creation(made, chroot)
  if (!('value' in made)) return
  const { path } = made.value
  yield await lastingWatch(session, path)
  yield await timeToLive(session, `${chroot}/zoogate-doctor-ttl-${path.slice(-10)}`)
  // Last: a server that refuses this size closes the connection.
  const { err } = await session.ask((cb) => link.setData(path, data, -1, cb))
  const what = `nodes of ${data.length} bytes`
  if (err === 0) yield ok(what)
  else yield fail(`${what} are refused (${errorCodeOf(err)})`, 'raise jute.maxbuffer, or lower maxDataBytes')
}

function creation(made: CallResult<{ path: string }>, chroot: string): Finding {
  const what = `ephemeral nodes below ${chroot === '' ? '/' : chroot}`
  if (made.err === 0) return ok(what)
  if (made.err === ERR.EPHEMERAL_ON_LOCAL_SESSION) return fail(`${what} are refused`, NO_LOCAL_SESSIONS)
  const advice = 'let the gateway create nodes there: zkCli.sh getAcl shows the rights'
  return fail(`${what} are refused (${errorCodeOf(made.err)})`, advice)
}

async function lastingWatch(session: ProbeSession, path: string): Promise<Finding> {
  const { link } = session
  const set = await session.ask((cb) => link.addWatch(path, true, cb))
  if (set.err !== 0) {
    return warn(
      `addWatch is refused (${errorCodeOf(set.err)})`,
      'upgrade to 3.8.4 or later: addWatch came with 3.6',
    )
  }
  await session.ask((cb) => link.setData(path, Buffer.alloc(0), -1, cb))
  const heard = await session.hears('NodeDataChanged', path)
  await session.ask((cb) => link.removeWatch(path, true, cb))
  if (heard) return ok('lasting watches (addWatch)')
  return fail('a lasting watch (addWatch) sends no event', 'look into the log of the server')
}

async function timeToLive(session: ProbeSession, path: string): Promise<Finding> {
  const { link } = session
  const made = await session.ask((cb) =>
    link.create(path, Buffer.alloc(0), ANYONE, CREATE_FLAGS.TTL, cb, 1_000),
  )
  if (made.err !== 0) {
    const advice = 'set zookeeper.extendedTypesEnabled=true on all servers if you want them'
    return ok(`no nodes with a time to live (${errorCodeOf(made.err)})`, advice)
  }
  await session.ask((cb) => link.delete(path, -1, cb))
  return ok('nodes with a time to live')
}
