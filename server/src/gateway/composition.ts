import { type Authenticator, createAuthenticator } from '../access/authenticate.js'
import { ResumeTokens } from '../access/resume-token.js'
import { ConfigError, type GatewayConfig } from '../config/options.js'
import type { ConnectionContext } from '../connection/connection.js'
import { Revoker } from '../revocation/revoker.js'
import { AttachGate } from '../session/attach-gate.js'
import { OwnerMarks, SessionRegistry } from '../session/registry.js'
import type { SessionServices } from '../session/services.js'
import { Warnings } from '../telemetry/log.js'
import { Metrics, type Readings } from '../telemetry/metrics.js'
import { Views } from '../views/views.js'
import { dialTls, ServerList, type TlsOptions } from '../zookeeper/index.js'
import { Acceptor } from './acceptor.js'
import { Admission } from './admission.js'
import { EventLoopLag } from './event-loop-lag.js'

/** The parts of one gateway. Each is made once and handed to the parts that need it. */
export interface Composition {
  context: ConnectionContext
  admission: Admission
  acceptor: Acceptor
  revoker: Revoker
  lag: EventLoopLag
}

/**
 * Makes the parts of a gateway. Nothing is opened yet: no socket, no link, no timer.
 * @throws ConfigError for an address, a key or a certificate that cannot be used
 */
export function compose(config: GatewayConfig): Composition {
  const { limits, trustedProxies, lingerMs } = config
  const lag = new EventLoopLag()
  // The readings are called later, when the parts that they ask are made.
  const services: SessionServices = servicesOf(config, lag, {
    connections: () => acceptor.size,
    unauthenticated: () => admission.unauthenticated,
    sessions: () => services.registry.size,
    waitingToAttach: () => services.gate.waiting,
    views: () => context.views.readings(),
    revocations: () => revoker.size,
    eventLoopLagMs: lag.ms,
  })
  const { metrics } = services
  const revoker: Revoker = new Revoker(config, services, () => acceptor.connections)
  const authenticate = authenticatorOf(config, services, revoker)
  const context: ConnectionContext = { services, views: new Views(services), authenticate, lingerMs }
  const admission = new Admission({ limits, trustedProxies, limited: (limit) => metrics.limited(limit) })
  const acceptor: Acceptor = new Acceptor(config, context, admission)
  return { context, admission, acceptor, revoker, lag }
}

function servicesOf(config: GatewayConfig, lag: EventLoopLag, readings: Readings): SessionServices {
  const { limits, log, nodeAcl } = config
  const { servers, chroot } = parsed(config, 'zookeeper', () => ServerList.parse(config.zookeeper))
  return {
    servers,
    chroot,
    linkOptions: linkOptions(config),
    gate: new AttachGate(limits.attachConcurrency, limits.attachConcurrencyPerSubject),
    resumeTokens: new ResumeTokens(config.resumeKeys),
    marks: new OwnerMarks(),
    registry: new SessionRegistry(limits, { lagMs: lag.ms }),
    nodeAcl,
    limits,
    log,
    warnings: new Warnings(log),
    metrics: new Metrics(readings),
  }
}

function authenticatorOf(
  config: GatewayConfig,
  { metrics, warnings, limits }: SessionServices,
  revocations: Revoker,
): Authenticator {
  const jwks = {
    fetched: (ok: boolean) => metrics.jwksFetched(ok),
    failed: (message: string) => warnings.report('jwks', message),
  }
  const { maxJwksAgeMs } = limits
  return parsed(config, 'jwt', () =>
    createAuthenticator(config.jwt, { jwks, maxJwksAgeMs, grants: config, revocations }),
  )
}

/** @throws ConfigError that names the option whose value cannot be used */
function parsed<T>({ nameOf }: GatewayConfig, option: 'jwt' | 'zookeeper', parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new ConfigError(`${nameOf(option)}: ${(error as Error).message}`)
  }
}

/**
 * One object for all links, so that certificates are read once. They are tried here, so that an unreadable one ends the start
 * instead of every link.
 */
function linkOptions({ tls, readOnly, nameOf }: GatewayConfig): SessionServices['linkOptions'] {
  const { enabled, ca, cert, key, passphrase, servername } = tls
  if (!enabled) return { readOnly }
  const given: TlsOptions = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
    ...(servername !== undefined && { servername }),
  }
  try {
    dialTls(given)
  } catch (error) {
    const options = ['tls.ca', 'tls.cert', 'tls.key'].map(nameOf).join(', ')
    throw new ConfigError(`${options}: ${(error as Error).message}`)
  }
  return { readOnly, tls: given }
}
