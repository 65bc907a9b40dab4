import { DEFAULT_LIMITS } from '../../config/limit-settings.js'
import { type CallResult, errorCodeOf } from '../../zookeeper/index.js'
import { type Finding, fail, ok, warn } from './finding.js'
import { AttachError, ProbeSession } from './probe-session.js'

const ANYONE = [{ perms: 31, scheme: 'world', id: 'anyone' }]

/** What the SDK asks for unless it is told otherwise. */
const USUAL_TIMEOUT_MS = 10_000

const SHORTEST_TIMEOUT_MS = 1
const LONGEST_TIMEOUT_MS = 3_600_000

const EPHEMERAL_SEQUENTIAL = 3
const WITH_TTL = 5

const EPHEMERAL_ON_LOCAL_SESSION = -120

const NO_LOCAL_SESSIONS =
  'set localSessionsEnabled=false: local sessions cannot be taken up on another server'

/** What the ensemble does for sessions. `servers`: those that open sessions, as `host:port`; at least one. */
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

/** The heart of the matter: a session goes on on another server, where there is one. */
async function resumption(servers: [string, ...string[]]): Promise<Finding> {
  const [one, another = one] = servers
  const first = await ProbeSession.open(one)
  first.detach()
  const what = `a session of ${one} goes on ${another === one ? 'after a new connection' : `on ${another}`}`
  try {
    const second = await ProbeSession.open(another, { session: first.attached })
    await second.close()
    return ok(what)
  } catch (error) {
    if (!(error instanceof AttachError)) throw error
    return fail(`not so: ${what} (${error.message})`, NO_LOCAL_SESSIONS)
  }
}

/** What can be done with nodes below the chroot: all on ephemeral ones, which go with the session. */
async function* examineNodes(session: ProbeSession, chroot: string): AsyncGenerator<Finding> {
  const { link } = session
  const data = Buffer.alloc(DEFAULT_LIMITS.maxDataBytes)
  const made = await session.ask<{ path: string }>((cb) =>
    link.create(`${chroot}/zoogate-doctor-`, Buffer.alloc(0), ANYONE, EPHEMERAL_SEQUENTIAL, cb),
  )
  yield creation(made, chroot)
  if (!('value' in made)) return
  const { path } = made.value
  yield await lastingWatch(session, path)
  yield await timeToLive(session, `${chroot}/zoogate-doctor-ttl-${path.slice(-10)}`)
  // Last: a server that does not take so much closes the connection.
  const { err } = await session.ask((cb) => link.setData(path, data, -1, cb))
  const what = `nodes of ${data.length} bytes`
  if (err === 0) yield ok(what)
  else yield fail(`${what} are refused (${errorCodeOf(err)})`, 'raise jute.maxbuffer, or lower maxDataBytes')
}

function creation(made: CallResult<{ path: string }>, chroot: string): Finding {
  const what = `ephemeral nodes below ${chroot === '' ? '/' : chroot}`
  if (made.err === 0) return ok(what)
  if (made.err === EPHEMERAL_ON_LOCAL_SESSION) return fail(`${what} are refused`, NO_LOCAL_SESSIONS)
  const advice = 'give the gateway’s sessions the right to create there: zkCli.sh getAcl shows who has it'
  return fail(`${what} are refused (${errorCodeOf(made.err)})`, advice)
}

async function lastingWatch(session: ProbeSession, path: string): Promise<Finding> {
  const { link } = session
  const set = await session.ask((cb) => link.addWatch(path, true, cb))
  if (set.err !== 0) {
    return warn(
      `addWatch is refused (${errorCodeOf(set.err)})`,
      'upgrade to 3.8.4 or later: it came with 3.6',
    )
  }
  await session.ask((cb) => link.setData(path, Buffer.alloc(0), -1, cb))
  const heard = await session.hears('NodeDataChanged', path)
  await session.ask((cb) => link.removeWatch(path, true, cb))
  if (heard) return ok('lasting watches (addWatch)')
  return fail('a lasting watch (addWatch) has told nothing', 'look into the log of the server')
}

async function timeToLive(session: ProbeSession, path: string): Promise<Finding> {
  const { link } = session
  const made = await session.ask((cb) => link.create(path, Buffer.alloc(0), ANYONE, WITH_TTL, cb, 1_000))
  if (made.err !== 0) {
    const advice = 'set zookeeper.extendedTypesEnabled=true on all servers if you want them'
    return ok(`no nodes with a time to live (${errorCodeOf(made.err)})`, advice)
  }
  await session.ask((cb) => link.delete(path, -1, cb))
  return ok('nodes with a time to live')
}
