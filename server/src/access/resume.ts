import type { Resume } from 'zoogate-client/protocol'
import type { Limits } from '../limits/limits.js'
import { pathProblem } from '../wire/path.js'
import type { Need } from './access.js'
import type { Identity } from './authenticate.js'
import type { SealedSession } from './resume-token.js'

/**
 * Whether a page may take up the session that its resume token names.
 * @returns what is wrong, for the page to read, or null
 */
export function resumeProblem(
  resume: Resume,
  sealed: SealedSession | null,
  identity: Identity,
  chroot: string,
  limits: Limits,
): string | null {
  if (sealed === null) return 'the resume token does not open; a new session is needed'
  // One text for all, so that a stolen token tells its thief nothing.
  const isOwn = sealed.subject === identity.subject && sealed.issuer === identity.issuer
  if (!isOwn || sealed.chroot !== chroot) {
    return 'the resume token belongs to another identity; a new session is needed'
  }
  const { data, exist, child, persistent = [], recursive = [] } = resume.watches
  const single = [...data, ...exist, ...child, ...persistent]
  const needs: Need[] = [
    ...single.map((path): Need => ({ right: 'watch', path })),
    ...recursive.map((path): Need => ({ right: 'watch', path, scope: 'subtree' })),
  ]
  if (needs.length > limits.maxWatches) return `a session holds at most ${limits.maxWatches} watches`
  for (const need of needs) {
    const problem = pathProblem(need.path, limits.maxPathLength)
    if (problem) return `a watch cannot be set again: ${problem}`
    if (!identity.rights.allows(need)) {
      return 'a watch is on a path that the token does not allow; a new session is needed'
    }
  }
  return null
}
