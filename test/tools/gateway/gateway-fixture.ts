import { randomBytes } from 'node:crypto'
import jwt from 'jsonwebtoken'
import type { Gateway, GatewayOptions, Limits, Log } from 'zoogate'
import { checkOptions } from '../../../server/src/config/options.js'
import { createCheckedGateway } from '../../../server/src/gateway/gateway.js'

export const SECRET = 'the secret that tests sign their tokens with'
export const RESUME_KEY = randomBytes(32).toString('base64')

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** A token for `sub`, good for ten minutes. */
export function token(sub = 'ada', claims: object = {}, options: jwt.SignOptions = {}): string {
  return jwt.sign(claims, SECRET, { subject: sub, expiresIn: 600, ...options })
}

export interface TestGateway {
  gateway: Gateway
  url: string
  /** `http://host:port` */
  http: string
}

const started: Gateway[] = []

/** `limits`: any of them, also the limits that are no settings. Each stands for itself; no other follows from it. */
type TestOptions = Omit<Partial<GatewayOptions>, 'limits'> & {
  limits?: { [Name in keyof Limits]?: number | undefined } | undefined
}

/** A gateway in this process on a port of its own; all share a secret and a resume key. */
export async function startGateway(
  zookeeper: string,
  { limits, ...options }: TestOptions = {},
): Promise<TestGateway> {
  const config = checkOptions({
    zookeeper,
    jwt: { secret: SECRET },
    access: 'open',
    resumeKeys: [RESUME_KEY],
    log: silentLog,
    ...options,
  })
  const gateway = createCheckedGateway({ ...config, limits: { ...config.limits, ...limits } as Limits })
  started.push(gateway)
  const { url, host, port } = await gateway.listen({ port: 0 })
  return { gateway, url, http: `http://${host}:${port}` }
}

/** For `afterEach` or `afterAll`. */
export async function closeGateways(): Promise<void> {
  await Promise.all(started.splice(0).map((gateway) => gateway.close()))
}
