import { createHash } from 'node:crypto'

/** Tokens of one subject that are not taken any more, although they are signed and have not expired. */
export interface Revocation {
  /** `subjectKey` of the subject. */
  key: string
  /** Tokens issued until then are refused. Milliseconds since the epoch. */
  at: number
  /** When the revocation itself ends. Milliseconds since the epoch. */
  until: number
  /** Whether the subject's sessions are closed, or only let go of. */
  closeSessions: boolean
}

/** What stands for a subject in the ensemble and in the log: who was shut out is nobody else's business. */
export function subjectKey(subject: string): string {
  return createHash('sha256').update('zoogate subject').update(subject).digest('base64url')
}

/** A revocation as the name of a node, so that one list of children is all of them. */
export function revocationName({ key, at, until, closeSessions }: Revocation): string {
  return `${key}.${at}.${until}.${closeSessions ? 'close' : 'detach'}`
}

/** @returns null for a name that `revocationName` does not give */
export function readRevocation(name: string): Revocation | null {
  const [, key, at, until, how] = /^([\w-]{43})\.(\d{1,15})\.(\d{1,15})\.(close|detach)$/.exec(name) ?? []
  if (key === undefined) return null
  return { key, at: Number(at), until: Number(until), closeSessions: how === 'close' }
}
