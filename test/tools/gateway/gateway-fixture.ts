import { randomBytes } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { createGateway, type Gateway, type GatewayOptions, type Log } from 'zoogate'

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

/** A gateway in this process on a port of its own; all share a secret and a resume key. */
export async function startGateway(
  zookeeper: string,
  options: Partial<GatewayOptions> = {},
): Promise<TestGateway> {
  const gateway = createGateway({
    zookeeper,
    jwt: { secret: SECRET },
    access: 'open',
    resumeKeys: [RESUME_KEY],
    log: silentLog,
    ...options,
  })
  started.push(gateway)
  const { url, host, port } = await gateway.listen({ port: 0 })
  return { gateway, url, http: `http://${host}:${port}` }
}

/** For `afterEach` or `afterAll`. */
export async function closeGateways(): Promise<void> {
  await Promise.all(started.splice(0).map((gateway) => gateway.close()))
}
