import { createHash } from 'node:crypto'

/** Refuses the tokens of one subject although they are signed and have not expired. */
export interface Revocation {
  /** `subjectKey` of the subject. */
  key: string
  /** Refuses tokens issued until then. Milliseconds since the epoch. */
  at: number
  /** The end of the revocation. Milliseconds since the epoch. */
  until: number
  /** Whether the subject's sessions are closed, or only detached. */
  closeSessions: boolean
}

/** Stands for a subject in the ensemble and in the log, so that neither shows the names of revoked subjects. */
export function subjectKey(subject: string): string {
  return createHash('sha256').update('zoogate subject').update(subject).digest('base64url')
}

/** The name of a revocation's node, which holds all of it: one list of children is the list of revocations. */
export function revocationName({ key, at, until, closeSessions }: Revocation): string {
  return `${key}.${at}.${until}.${closeSessions ? 'close' : 'detach'}`
}

/** @returns null for a name that `revocationName` does not give */
export function readRevocation(name: string): Revocation | null {
  const [, key, at, until, how] = /^([\w-]{43})\.(\d{1,15})\.(\d{1,15})\.(close|detach)$/.exec(name) ?? []
  if (key === undefined) return null
  return { key, at: Number(at), until: Number(until), closeSessions: how === 'close' }
}

/** ahead: the token was issued in the future, so that no revocation would ever refuse it. */
export type Verdict = 'good' | 'revoked' | 'ahead'

/** The revocations that a gateway knows at one time, by the names of their nodes. */
export class Revocations {
  readonly #byName: ReadonlyMap<string, Revocation>
  /** By subject, the latest times of its revocations. */
  readonly #bySubject = new Map<string, { at: number; until: number }>()

  /** @param names of nodes; a name of another node is left out */
  constructor(names: Iterable<string>) {
    this.#byName = new Map([...names].flatMap((name) => namedRevocation(name)))
    for (const { key, at, until } of this.#byName.values()) {
      const other = this.#bySubject.get(key) ?? { at: 0, until: 0 }
      this.#bySubject.set(key, { at: Math.max(at, other.at), until: Math.max(until, other.until) })
    }
  }

  /** Revocations that have not ended. */
  sizeAt(now: number): number {
    return [...this.#byName.values()].filter(({ until }) => until > now).length
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  with(revocation: Revocation): Revocations {
    return new Revocations([...this.#byName.keys(), revocationName(revocation)])
  }

  /** Revocations that have not ended, and that `earlier` does not have. */
  newSince(earlier: Revocations | null, now: number): Revocation[] {
    return [...this.#byName]
      .filter(([name, { until }]) => until > now && !earlier?.has(name))
      .map(([, revocation]) => revocation)
  }

  /**
   * @param issuedAt of the token; null where it does not say
   * @param toleranceMs by which the issuer's clock may differ
   */
  judge(subject: string, issuedAt: number | null, toleranceMs: number, now: number): Verdict {
    if (issuedAt !== null && issuedAt > now + toleranceMs) return 'ahead'
    // Without any revocation there is no digest to compute.
    const revoked = this.#bySubject.size > 0 ? this.#bySubject.get(subjectKey(subject)) : undefined
    if (revoked === undefined || revoked.until <= now) return 'good'
    return issuedAt === null || issuedAt <= revoked.at + toleranceMs ? 'revoked' : 'good'
  }

  /**
   * A new revocation of the subject, and the names of revocations that it makes superfluous. It ends no earlier than they
   * would have.
   */
  revoke(subject: string, now: number, forMs: number, closeSessions: boolean): [Revocation, string[]] {
    const key = subjectKey(subject)
    const superseded = [...this.#byName].filter(([, other]) => other.key === key || other.until <= now)
    const until = Math.max(now + forMs, ...superseded.map(([, other]) => other.until))
    return [{ key, at: now, until, closeSessions }, superseded.map(([name]) => name)]
  }
}

function namedRevocation(name: string): [string, Revocation][] {
  const revocation = readRevocation(name)
  return revocation ? [[name, revocation]] : []
}
