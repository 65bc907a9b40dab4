/** Why a link was lost. */
export type LossCause =
  | 'refused'
  | 'dial_failed'
  /** No agreement about TLS: a matter of certificates and ports, which does not go away by itself. */
  | 'tls'
  | 'handshake_timeout'
  /** The server accepted the connection and hung up without a word. It may have too many: slow down. */
  | 'refused_at_handshake'
  | 'silent'
  | 'closed_by_server'
  | 'bad_frame'
  | 'wrong_session'
  | 'restore_refused'
  /** The server is as new as its leader, and has not seen the zxid that the session's user claims to have seen. */
  | 'behind'
  /** The link's owner asked for another server. */
  | 'left'

/** Why one connection ended. */
export interface Loss {
  cause: LossCause
  /** For people: what happened, and what to check. */
  message: string
}

/** Some servers answer the id of a session that they do not know with a new session. */
export const FOREIGN_SESSION: Loss = {
  cause: 'wrong_session',
  message: 'the server answered with another session than the one asked for',
}

export const NO_QUORUM: Loss = {
  cause: 'refused_at_handshake',
  message:
    'the server has lost its quorum and can neither open this session nor say whether it lives; another server may',
}

export const BEHIND: Loss = {
  cause: 'behind',
  message:
    'the server has caught up with its leader and has not reached the zxid that the session claims to have seen; another' +
    ' server may have, unless that zxid was made up, or the ensemble was set up anew',
}

/** securing: TCP is connected, TLS is not. handshaking: the ConnectResponse is due. closed: final, and deaf. */
export type WireState = 'dialing' | 'securing' | 'handshaking' | 'open' | 'closed'

const HUNG_UP =
  'the server hung up before the handshake was over, and does not say why: it may have maxClientCnxns connections' +
  ' of this address (raise that on the servers, 0 for no limit, or spread sessions over more gateways), be starting,' +
  ' have no quorum, be behind the zxid that was seen, or want TLS on this port'

const HUNG_UP_ON_TLS =
  'the server hung up during the TLS handshake: check that this is its secureClientPort, and that it trusts our certificate'

const UNKNOWN_CA =
  "the server's certificate is signed by no authority that is trusted here: give the authority's certificate as `ca`"
const OTHER_NAME =
  "the server's certificate is for another name: dial a name that stands in it, or give such a name as `servername`"
const WRONG_DATE = "the server's certificate is not valid now: renew it, and check the clocks"
const NO_TLS = 'the server does not speak TLS: check that this is its secureClientPort'
const REFUSED_BY_ALERT =
  'the server refused TLS with us: give a `cert` and `key` that its trust store knows, or check its protocols and ciphers'
const UNREADABLE = 'our own certificates or key cannot be read: check that they are PEM, and the passphrase'

const TLS_MESSAGES: ReadonlyMap<string, string> = new Map([
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNKNOWN_CA],
  ['UNABLE_TO_GET_ISSUER_CERT', UNKNOWN_CA],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNKNOWN_CA],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNKNOWN_CA],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNKNOWN_CA],
  ['CERT_SIGNATURE_FAILURE', UNKNOWN_CA],
  ['ERR_TLS_CERT_ALTNAME_INVALID', OTHER_NAME],
  ['CERT_HAS_EXPIRED', WRONG_DATE],
  ['CERT_NOT_YET_VALID', WRONG_DATE],
  ['ERR_SSL_WRONG_VERSION_NUMBER', NO_TLS],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', NO_TLS],
])

/** The connection ended without an error. */
export function endLoss(state: WireState, how: string): Loss {
  if (state === 'securing') return { cause: 'tls', message: HUNG_UP_ON_TLS }
  if (state === 'handshaking') return { cause: 'refused_at_handshake', message: HUNG_UP }
  return { cause: 'closed_by_server', message: how }
}

/** The connection, or the way to it, broke with this error. */
export function errorLoss(state: WireState, error: NodeJS.ErrnoException): Loss {
  const reason = error.code ?? error.message
  const tls = tlsMessage(state, error.code ?? '')
  if (tls !== null) return { cause: 'tls', message: `${tls} (${reason})` }
  if (state === 'dialing') return dialLoss(error, reason)
  return endLoss(state, `the connection broke (${reason})`)
}

/** With these a connect fails if the server hangs up before the kernel has reported the connection (tcp_reset of Linux). */
const HUNG_UP_CODES: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE'])

function dialLoss({ code }: NodeJS.ErrnoException, reason: string): Loss {
  if (HUNG_UP_CODES.has(code)) return endLoss('handshaking', reason)
  if (code !== 'ECONNREFUSED') {
    const message = `cannot connect (${reason}): check the name, the address and the network`
    return { cause: 'dial_failed', message }
  }
  const message = `connection refused (${reason}): check that the server runs, and that this is its clientPort`
  return { cause: 'refused', message }
}

/** A server that checks our certificate after its own part of the handshake complains in the next state. */
function tlsMessage(state: WireState, code: string): string | null {
  const known = TLS_MESSAGES.get(code)
  if (known !== undefined) return known
  if (code.startsWith('ERR_OSSL_')) return UNREADABLE
  if (code.startsWith('ERR_SSL_')) return REFUSED_BY_ALERT
  return state === 'securing' ? HUNG_UP_ON_TLS : null
}
