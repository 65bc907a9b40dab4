import {
  type CallResult,
  EnsembleLink,
  errorCodeOf,
  type LinkOptions,
  ServerList,
} from '../../../server/src/zookeeper/index.js'
import { Recorder, type Rig } from './recorder.js'

export const ANYONE = [{ perms: 31, scheme: 'world', id: 'anyone' }]

/** A link to real servers that has not attached yet, and the recorder of its calls. */
export function linkToReal(connectString: string, options: Partial<LinkOptions> = {}): Rig {
  const recorder = new Recorder()
  const servers = ServerList.parse(connectString).servers.cursor()
  const link = new EnsembleLink({ servers, listener: recorder, sessionTimeoutMs: 4000, ...options })
  return { link, recorder }
}

/** The same, attached. */
export async function attachedToReal(connectString: string, options?: Partial<LinkOptions>): Promise<Rig> {
  const rig = linkToReal(connectString, options)
  rig.link.attach()
  await rig.recorder.until('attached')
  return rig
}

/** The value of one call, or the name of its error, with `@` and its number if a part of a transaction was refused. */
export function answer<T>(call: (callback: (result: CallResult<T>) => void) => void): Promise<T | string> {
  return new Promise((resolve) => {
    call((result) => {
      if ('value' in result) resolve(result.value)
      else resolve(errorCodeOf(result.err) + (result.part === undefined ? '' : ` @${result.part}`))
    })
  })
}
