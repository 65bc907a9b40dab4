import type { Identity, Refused } from '../access/authenticate.js'
import { ConfigError, type GatewayConfig } from '../config/options.js'
import type { SessionServices } from '../session/services.js'
import { checkRevokeOptions, type Revoked, type RevokeOptions } from './admin.js'
import { type Revocation, subjectKey } from './revocation.js'
import { RevocationList } from './revocation-list.js'

/** A connection as the revoker needs it. */
export interface RevocablePage {
  /** Null before the hello is accepted, and after the end of the connection. */
  readonly identity: Pick<Identity, 'subject' | 'issuedAt'> | null
  /** Ends the connection. @param closeSession whether its session is closed, or only detached */
  revoke(message: string, closeSession: boolean): void
}

const REVOKED = 'the token has been revoked; get a fresh one'
const AHEAD =
  'the token was issued in the future (iat, in seconds), and could not be revoked; check the clocks'
/** The list of revocations is one request to the ensemble away. */
const UNREAD_RETRY_MS = 500

/** Applies revocations to the pages of one gateway. Without an administrator's token there are no revocations. */
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

  /** Revocations that have not ended. */
  get size(): number {
    return this.#list?.size ?? 0
  }

  /** See `Gateway.revoke`. */
  async revoke(options: RevokeOptions): Promise<Revoked> {
    const { subject, closeSessions, forMs } = checkRevokeOptions(options)
    if (!this.#list)
      throw new ConfigError(
        `${this.#config.nameOf('adminToken')}: revoking needs one; set it, and start the gateway again`,
      )
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
          message: 'this gateway has not read the revocations yet; come back with the same token',
          retryAfterMs: UNREAD_RETRY_MS,
        }
    }
  }

  #listOnRevoked({ key, closeSessions }: Revocation): void {
    const revoked = this.#pagesOf(key).filter(({ identity }) => identity && this.refusalOf(identity))
    for (const page of revoked) page.revoke(REVOKED, closeSessions)
    // A page that has just left has no connection, and its session would wait for it to come back.
    if (closeSessions) {
      this.#ensemble.registry.endLingers(
        (left) => subjectKey(left.subject) === key && this.refusalOf(left) !== null,
      )
    }
    this.#ensemble.metrics.connectionsRevoked(revoked.length)
    // Not the subject itself: it is a name, and many people read a log.
    const fields = { subject: key.slice(0, 12), ended: revoked.length, closeSessions }
    this.#ensemble.log.info(fields, 'tokens revoked')
  }

  #pagesOf(key: string): RevocablePage[] {
    return [...this.#pages()].filter(({ identity }) => identity && subjectKey(identity.subject) === key)
  }
}
