import type { Identity, Refused } from '../access/authenticate.js'
import { ConfigError, type GatewayConfig } from '../config/options.js'
import type { SessionServices } from '../session/services.js'
import { checkRevokeOptions, type Revoked, type RevokeOptions } from './admin.js'
import { type Revocation, subjectKey } from './revocation.js'
import { RevocationList } from './revocation-list.js'

/** A connection, as far as it can be revoked. */
export interface RevocablePage {
  /** Null before the hello is accepted, and after the end. */
  readonly identity: Pick<Identity, 'subject' | 'issuedAt'> | null
  /** Ends the connection. @param closeSession or only lets go of its session */
  revoke(message: string, closeSession: boolean): void
}

const REVOKED = 'the token has been revoked; get a fresh one'
const AHEAD =
  'the token was issued in the future (iat, in seconds), and could not be revoked; check the clocks'
/** The list of revocations is one question to the ensemble away. */
const UNREAD_RETRY_MS = 500

/** What revocations do to the pages of one gateway. Without an administrator's token there are none. */
export class Revoker {
  readonly #config: GatewayConfig
  readonly #ensemble: SessionServices
  readonly #pages: () => Iterable<RevocablePage>
  readonly #list: RevocationList | null

  constructor(config: GatewayConfig, ensemble: SessionServices, pages: () => Iterable<RevocablePage>) {
    const { adminToken } = config
    const revoked = (revocation: Revocation) => this.#listOnRevoked(revocation)
    this.#config = config
    this.#ensemble = ensemble
    this.#pages = pages
    this.#list = adminToken === undefined ? null : new RevocationList({ ensemble, adminToken, revoked })
  }

  open(): void {
    this.#list?.open()
  }

  close(): void {
    this.#list?.close()
  }

  /** Subjects whose earlier tokens are refused now. */
  get size(): number {
    return this.#list?.size ?? 0
  }

  /** As the gateway's `revoke`. */
  async revoke(options: RevokeOptions): Promise<Revoked> {
    const { subject, closeSessions, forMs } = checkRevokeOptions(options)
    if (!this.#list) throw new ConfigError(`${this.#config.nameOf('adminToken')}: revoking needs one`)
    const before = this.#pagesOf(subjectKey(subject)).length
    const { until } = await this.#list.add(subject, closeSessions, forMs)
    return { until, ended: before - this.#pagesOf(subjectKey(subject)).length }
  }

  refusalOf({ subject, issuedAt }: Pick<Identity, 'subject' | 'issuedAt'>): Refused | null {
    const toleranceMs = this.#config.jwt.clockToleranceS * 1000
    switch (this.#list?.judge(subject, issuedAt, toleranceMs) ?? 'good') {
      case 'good':
        return null
      case 'revoked':
        return { ok: false, cause: 'invalid', message: REVOKED }
      case 'ahead':
        return { ok: false, cause: 'invalid', message: AHEAD }
      case 'unknown':
        return {
          ok: false,
          cause: 'unverified',
          message: 'this gateway has not read the revocations of tokens yet; come back with this one',
          retryAfterMs: UNREAD_RETRY_MS,
        }
    }
  }

  #listOnRevoked({ key, closeSessions }: Revocation): void {
    const revoked = this.#pagesOf(key).filter(({ identity }) => identity && this.refusalOf(identity))
    for (const page of revoked) page.revoke(REVOKED, closeSessions)
    // Pages that have left a moment ago have no connection any more, and their sessions would wait for them.
    if (closeSessions) {
      this.#ensemble.registry.endLingers(
        (left) => subjectKey(left.subject) === key && this.refusalOf(left) !== null,
      )
    }
    this.#ensemble.metrics.connectionsRevoked(revoked.length)
    // The subject itself is a name, and a log is read by many.
    const fields = { subject: key.slice(0, 12), ended: revoked.length, closeSessions }
    this.#ensemble.log.info(fields, 'tokens revoked')
  }

  #pagesOf(key: string): RevocablePage[] {
    return [...this.#pages()].filter(({ identity }) => identity && subjectKey(identity.subject) === key)
  }
}
