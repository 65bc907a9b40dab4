import { createHash, createHmac } from 'node:crypto'
import { OwnSession, type OwnSessionListener, type OwnSessionOptions } from '../session/own-session.js'
import type { Warnings } from '../telemetry/log.js'
import { withChroot } from '../wire/path.js'
import { type AclEntry, CREATE_FLAGS, ERR, PERMISSION } from '../zookeeper/index.js'
import { type Revocation, Revocations, revocationName, type Verdict } from './revocation.js'

// Each revocation is a node in the ensemble. Its parent is a node that only gateways with the same administrator's token may
// touch: the access control list names an identity that is derived from that token. Each gateway watches the parent in a
// session of its own.
//
// away ──attached──► checking ──read──► current         any ──close()──► closed
//   ▲                  │    ▲              │
//   └───────lost───────┴────┼──────────────┤
//                           └───deleted────┘
type State =
  | { at: 'away' }
  /** Makes the node where it is missing, examines its access control list, reads the list; repeated until all succeeds. */
  | { at: 'checking'; retry: NodeJS.Timeout }
  /** The gateway knows the same revocations as the ensemble. */
  | { at: 'current' }
  /** Final. */
  | { at: 'closed' }

/** Between attempts while an operator has to change the ensemble before the list can be used. */
const RETRY_MS = 1_000
/** Each is a name of 80 characters: one reply of the ensemble has room for ten times this number. */
export const MAX_REVOCATIONS = 10_000

/** Keeps the list from being empty: a client that may delete children of its parent could delete an empty list. */
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
  /** Called for each revocation that is new to this gateway. */
  revoked: (revocation: Revocation) => void
  /** Revocations at one time. @default MAX_REVOCATIONS */
  max?: number
  now?: () => number
}

/** The list of revocations that all gateways share, as this gateway knows it. */
export class RevocationList implements OwnSessionListener {
  readonly #options: RevocationListOptions
  readonly #now: () => number
  readonly #acl: readonly AclEntry[]
  readonly #path: string
  readonly #session: OwnSession
  #state: State = { at: 'away' }
  /** Null until they have been read once; kept while the ensemble is away. */
  #known: Revocations | null = null

  constructor(options: RevocationListOptions) {
    const { identity, acl, name } = identityOf(options.adminToken)
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#acl = acl
    this.#path = withChroot(options.ensemble.chroot, `/zoogate-revoked-${name}`)
    this.#session = new OwnSession({
      ensemble: options.ensemble,
      listener: this,
      name: 'revocations',
      sessionOptions: () => ({ auth: [{ scheme: 'digest', auth: Buffer.from(identity) }] }),
    })
  }

  /** Begins to watch the list. Harmless when repeated. */
  open(): void {
    this.#session.open()
  }

  close(): void {
    this.#enter({ at: 'closed' })
    void this.#session.close()
  }

  /** Revocations that have not ended. */
  get size(): number {
    return this.#known?.sizeAt(this.#now()) ?? 0
  }

  /**
   * @param issuedAt of the token; null where it does not say
   * @param toleranceMs by which the issuer's clock may differ
   * @returns `unknown` until the list has been read once
   */
  judge(subject: string, issuedAt: number | null, toleranceMs: number): Verdict | 'unknown' {
    return this.#known?.judge(subject, issuedAt, toleranceMs, this.#now()) ?? 'unknown'
  }

  /**
   * Revokes the tokens that a subject has now, on every gateway.
   * @returns when the revocation is stored, and done on this gateway
   * @throws RevocationError when it may not be stored; repeat it then
   */
  async add(subject: string, closeSessions: boolean, forMs: number): Promise<Revocation> {
    const known = this.#known
    if (this.#state.at !== 'current' || known === null) {
      throw new RevocationError(
        'the ensemble, which holds the revocations, is out of reach; repeat the request',
      )
    }
    const { max = MAX_REVOCATIONS } = this.#options
    if (this.size >= max) {
      throw new RevocationError(`there are ${max} revocations already; wait until some have ended`)
    }
    const [revocation, superseded] = known.revoke(subject, this.#now(), forMs, closeSessions)
    await this.#store(revocationName(revocation))
    for (const name of superseded) this.#session.link.delete(`${this.#path}/${name}`, -1, () => undefined)
    this.#apply((this.#known ?? known).with(revocation))
    return revocation
  }

  #store(name: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const path = `${this.#path}/${name}`
      this.#session.link.create(path, Buffer.alloc(0), this.#acl, CREATE_FLAGS.PERSISTENT, ({ err }) => {
        if (err === 0 || err === ERR.NODE_EXISTS) resolve()
        else
          reject(
            new RevocationError(`the ensemble did not store the revocation (${err}); repeat the request`),
          )
      })
    })
  }

  // ---- events of the session ----

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
    this.#warn('the ensemble takes no digest identities (its superuser can switch them on)')
  }

  // ---- the way to the list ----

  #check(): void {
    this.#enter({ at: 'checking', retry: setInterval(() => this.#prepare(), RETRY_MS) })
    this.#prepare()
  }

  /** Makes the node, with its keeper, where it is missing. */
  #prepare(): void {
    const node = {
      op: 'create',
      data: Buffer.alloc(0),
      acl: this.#acl,
      flags: CREATE_FLAGS.PERSISTENT,
    } as const
    const parts = [this.#path, `${this.#path}/${KEEPER}`].map((path) => ({ ...node, path }))
    this.#session.link.multi(parts, ({ err }) => {
      if (err === 0 || err === ERR.NODE_EXISTS) this.#examine()
      else this.#blocked(`${this.#path} cannot be made (${err}): the parent must exist and allow it`)
    })
  }

  /** Refuses a list that another client has made or may change. */
  #examine(): void {
    this.#session.link.getACL(this.#path, (result) => {
      if ('value' in result && textOf(result.value.acl) === textOf(this.#acl)) this.#read()
      else this.#blocked(`${this.#path} is not under this gateway's access control list; delete it`)
    })
  }

  #read(): void {
    this.#session.link.getChildren(this.#path, true, (result) => {
      if ('value' in result) {
        this.#enter({ at: 'current' })
        this.#apply(new Revocations(result.value.children))
      } else if (result.err === ERR.NO_NODE) this.#check()
    })
  }

  #apply(revocations: Revocations): void {
    const before = this.#known
    this.#known = revocations
    for (const revocation of revocations.newSince(before, this.#now())) this.#options.revoked(revocation)
  }

  /** Where the link has been lost, the problem is another one, and the next link checks the list again. */
  #blocked(problem: string): void {
    if (this.#session.isAttached) this.#warn(problem)
  }

  #warn(problem: string): void {
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

/** @returns the identity as ZooKeeper's digest scheme takes it, the list that lets only it in, and the name of that list */
function identityOf(adminToken: string): { identity: string; acl: AclEntry[]; name: string } {
  const user = 'zoogate-admin'
  const password = createHmac('sha256', adminToken).update('zoogate revocations').digest('base64url')
  const identity = `${user}:${password}`
  const id = `${user}:${createHash('sha1').update(identity).digest('base64')}`
  const name = createHash('sha256').update(id).digest('hex').slice(0, 16)
  return { identity, acl: [{ perms: PERMISSION.ALL, scheme: 'digest', id }], name }
}

function textOf(acl: readonly AclEntry[]): string {
  return JSON.stringify(acl.map(({ perms, scheme, id }) => [perms, scheme, id]))
}
