import { codeOf, PATIENT } from './patience.js'

/** The largest there is: no node gets there. */
const NO_VERSION = 2 ** 31 - 1

/** Passes the options on to a write. */
export type Attempt = (options: { version: number; timeoutMs: number }) => Promise<unknown>

/**
 * Asks the quorum whether a node exists. A read asks one server, which may be cut off from the others and not know; so
 * this is a write that cannot succeed: one on a version that no node has. It runs behind every write that the session
 * has sent before, so that what those have done can be seen from then on.
 *
 * @param attempt a deletion or a change of the node, whichever the page has a right to
 */
export async function probe(attempt: Attempt): Promise<boolean> {
  try {
    await attempt({ ...PATIENT, version: NO_VERSION })
    return false
  } catch (error) {
    const code = codeOf(error)
    if (code === 'BAD_VERSION') return true
    if (code === 'NO_NODE') return false
    throw error
  }
}
