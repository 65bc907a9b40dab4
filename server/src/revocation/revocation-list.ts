import { createHash, createHmac } from 'node:crypto'
import { OwnSession, type OwnSessionListener, type OwnSessionOptions } from '../session/own-session.js'
import type { Warnings } from '../telemetry/log.js'
import { withChroot } from '../wire/path.js'
import type { AclEntry } from '../zookeeper/index.js'
import { type Revocation, readRevocation, revocationName, subjectKey } from './revocation.js'

// The revocations of all gateways stand in the ensemble, a node each, below one node that only gateways with the same
// administrator's token may touch: its access control list names an identity that is derived from that token. Each
// gateway watches it in a session of its own.
//
// away ──attached──► checking ──read──► current         any ──close()──► closed
//   ▲                  │    ▲              │
//   └───────lost───────┴────┼──────────────┤
//                           └───deleted────┘
type State =
  | { at: 'away' }
  /** Makes the node where it is missing, looks at its access control list, reads the list; again until all of it succeeds. */
  | { at: 'checking'; retry: NodeJS.Timeout }
  /** What this gateway knows is what the ensemble says. */
  | { at: 'current' }
  /** Final. */
  | { at: 'closed' }

/** Between attempts to make the list usable where an operator has to change something first. */
const RETRY_MS = 1_000
/** Each is a name of 80 characters: as many fit one answer of the ensemble ten times over. */
export const MAX_REVOCATIONS = 10_000

const NODE_EXISTS = -110
const NO_NODE = -101
const PERSISTENT = 0
const ALL = 31
/** Keeps the list from being empty, and so from being deleted by somebody who may delete children of its parent. */
const KEEPER = 'keep'

/** A revocation could not be stored; the message says what to do. */
export class RevocationError extends Error {
  override name = 'RevocationError'
}

export interface RevocationListOptions {
  ensemble: OwnSessionOptions['ensemble'] & {
    /** The chroot of the connect string: '' or a path. */
    chroot: string
    warnings: Warnings
  }
  adminToken: string
  /** A revocation that this gateway did not know. */
  revoked: (revocation: Revocation) => void
  /** Revocations at one time. @default MAX_REVOCATIONS */
  max?: number
  now?: () => number
}

export class RevocationList implements OwnSessionListener {
  readonly #options: RevocationListOptions
  readonly #now: () => number
  readonly #identity: { user: string; password: string; acl: AclEntry[] }
  readonly #path: string
  readonly #session: OwnSession
  #state: State = { at: 'away' }
  /** By the names of their nodes. Null until they have been read once; kept when the ensemble is away. */
  #known: ReadonlyMap<string, Revocation> | null = null
  /** The same by subject, for a hello to be judged by; of several, the latest of each. */
  #bySubject: ReadonlyMap<string, { at: number; until: number }> = new Map()

  constructor(options: RevocationListOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#identity = identityOf(options.adminToken)
    const name = createHash('sha256')
      .update(this.#identity.acl[0]?.id ?? '')
      .digest('hex')
      .slice(0, 16)
    this.#path = withChroot(options.ensemble.chroot, `/zoogate-revoked-${name}`)
    const { user, password } = this.#identity
    const auth = [{ scheme: 'digest', auth: Buffer.from(`${user}:${password}`) }]
    this.#session = new OwnSession({
      ensemble: options.ensemble,
      listener: this,
      name: 'revocations',
      sessionOptions: () => ({ auth }),
    })
  }

  /** Begins to watch. Does nothing when it has begun before. */
  open(): void {
    this.#session.open()
  }

  close(): void {
    this.#enter({ at: 'closed' })
    void this.#session.close()
  }

  /** Revocations that have not ended. */
  get size(): number {
    return [...(this.#known?.values() ?? [])].filter(({ until }) => until > this.#now()).length
  }

  /**
   * @param issuedAt of the token; null where it does not say
   * @param toleranceMs by which the clock that issued it may differ
   * @returns `unknown` until the ensemble has been asked; `ahead` where the token was issued in the future, so that no
   *   revocation would ever meet it
   */
  judge(
    subject: string,
    issuedAt: number | null,
    toleranceMs: number,
  ): 'good' | 'revoked' | 'unknown' | 'ahead' {
    if (this.#known === null) return 'unknown'
    if (issuedAt !== null && issuedAt > this.#now() + toleranceMs) return 'ahead'
    const revoked = this.#bySubject.size > 0 ? this.#bySubject.get(subjectKey(subject)) : undefined
    if (revoked === undefined || revoked.until <= this.#now()) return 'good'
    return issuedAt === null || issuedAt <= revoked.at + toleranceMs ? 'revoked' : 'good'
  }

  /**
   * Revokes what has been issued to a subject until now, on every gateway.
   * @returns when it is stored, and done on this gateway
   * @throws RevocationError when it is not known to be stored; to be repeated then
   */
  async add(subject: string, closeSessions: boolean, forMs: number): Promise<Revocation> {
    const { link } = this.#session
    if (this.#state.at !== 'current') {
      throw new RevocationError(
        'the list of revocations cannot be reached in the ensemble; repeat the request',
      )
    }
    const { max = MAX_REVOCATIONS } = this.#options
    if (this.size >= max) {
      throw new RevocationError(`there are ${max} revocations already; wait until some have ended`)
    }
    const at = this.#now()
    const key = subjectKey(subject)
    const superseded = [...(this.#known ?? [])].filter(([, known]) => known.key === key || known.until <= at)
    const longest = Math.max(at + forMs, ...superseded.map(([, { until }]) => until))
    const revocation: Revocation = { key, at, until: longest, closeSessions }
    return new Promise((resolve, reject) => {
      const path = `${this.#path}/${revocationName(revocation)}`
      link.create(path, Buffer.alloc(0), this.#identity.acl, PERSISTENT, ({ err }) => {
        if (err !== 0 && err !== NODE_EXISTS) {
          reject(
            new RevocationError(`the ensemble did not store the revocation (${err}); repeat the request`),
          )
          return
        }
        for (const [name] of superseded) link.delete(`${this.#path}/${name}`, -1, () => undefined)
        this.#apply(new Map([...(this.#known ?? []), [revocationName(revocation), revocation]]))
        resolve(revocation)
      })
    })
  }

  // ---- what the session tells ----

  sessionAttached(): void {
    this.#check()
  }

  sessionLost(): void {
    this.#enter({ at: 'away' })
  }

  sessionEvent(): void {
    if (this.#state.at === 'current') this.#read()
  }

  sessionRefused(): void {
    this.#complain('the ensemble takes no digest identities (its superuser can switch them on)')
  }

  // ---- the way to the list ----

  #check(): void {
    this.#enter({ at: 'checking', retry: setInterval(() => this.#prepare(), RETRY_MS) })
    this.#prepare()
  }

  /** Makes the node, with its keeper, where it is missing. */
  #prepare(): void {
    const { acl } = this.#identity
    const node = { op: 'create', data: Buffer.alloc(0), acl, flags: PERSISTENT } as const
    const parts = [
      { ...node, path: this.#path },
      { ...node, path: `${this.#path}/${KEEPER}` },
    ]
    this.#session.link.multi(parts, ({ err }) => {
      if (err === 0 || err === NODE_EXISTS) this.#examine()
      else if (this.#session.isAttached)
        this.#complain(`${this.#path} cannot be made (${err}): the parent must exist and allow it`)
    })
  }

  /** A list that somebody else has made, or may change, is none. */
  #examine(): void {
    this.#session.link.getACL(this.#path, (result) => {
      const own = 'value' in result && JSON.stringify(result.value.acl.map(entryText)) === this.#ownAcl
      if (own) this.#read()
      else if (this.#session.isAttached)
        this.#complain(`${this.#path} is not under this gateway's access control list; delete it`)
    })
  }

  get #ownAcl(): string {
    return JSON.stringify(this.#identity.acl.map(entryText))
  }

  #read(): void {
    this.#session.link.getChildren(this.#path, true, (result) => {
      if (!('value' in result)) {
        if (result.err === NO_NODE) this.#check()
        return
      }
      this.#enter({ at: 'current' })
      const read = result.value.children.flatMap((name): [string, Revocation][] => {
        const revocation = readRevocation(name)
        return revocation ? [[name, revocation]] : []
      })
      this.#apply(new Map(read))
    })
  }

  #apply(revocations: ReadonlyMap<string, Revocation>): void {
    const before = this.#known
    this.#known = revocations
    this.#bySubject = latest(revocations.values())
    for (const [name, revocation] of revocations) {
      if (!before?.has(name) && revocation.until > this.#now()) this.#options.revoked(revocation)
    }
  }

  #complain(problem: string): void {
    if (this.#state.at === 'closed') return
    this.#options.ensemble.warnings.report('revocations', `revocations cannot be read: ${problem}`)
  }

  /** Deaf to repeats, and to everything after the end. */
  #enter(state: State): void {
    const isDeaf = this.#state.at === 'closed' || this.#state.at === state.at
    const over = isDeaf ? state : this.#state
    if (over.at === 'checking') clearInterval(over.retry)
    if (!isDeaf) this.#state = state
  }
}

function latest(revocations: Iterable<Revocation>): Map<string, { at: number; until: number }> {
  const bySubject = new Map<string, { at: number; until: number }>()
  for (const { key, at, until } of revocations) {
    const other = bySubject.get(key) ?? { at: 0, until: 0 }
    bySubject.set(key, { at: Math.max(at, other.at), until: Math.max(until, other.until) })
  }
  return bySubject
}

function identityOf(adminToken: string): { user: string; password: string; acl: AclEntry[] } {
  const user = 'zoogate-admin'
  const password = createHmac('sha256', adminToken).update('zoogate revocations').digest('base64url')
  const digest = createHash('sha1').update(`${user}:${password}`).digest('base64')
  return { user, password, acl: [{ perms: ALL, scheme: 'digest', id: `${user}:${digest}` }] }
}

function entryText({ perms, scheme, id }: AclEntry): string {
  return `${perms} ${scheme} ${id}`
}
