import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import jwt from 'jsonwebtoken'

/** The key pair of an identity provider, which publishes its public half. */
export interface ProviderKey {
  kid: string
  privateKey: KeyObject
  jwk: Record<string, unknown>
}

export function rsaKey(kid: string): ProviderKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid } }
}

export function ecKey(kid: string, namedCurve = 'P-256'): ProviderKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid } }
}

/** A token that this key signs. */
export function signedBy(key: ProviderKey, claims: object = {}, header: object = {}): string {
  const algorithm = key.jwk.kty === 'EC' ? 'ES256' : 'RS256'
  return jwt.sign({ sub: 'ada', ...claims }, key.privateKey, {
    algorithm,
    expiresIn: 600,
    header: { alg: algorithm, kid: key.kid, ...header } as jwt.JwtHeader,
  })
}

export type Answering = (response: ServerResponse) => void

/** An identity provider's key set, which can be rotated and can misbehave. */
export interface JwksServer {
  readonly url: string
  /** Requests so far. */
  readonly requests: number
  publish(...keys: object[]): void
  /** Answers so from now on, until the next `publish`. */
  answer(how: Answering): void
  close(): Promise<void>
}

export async function startJwksServer(): Promise<JwksServer> {
  let requests = 0
  let answer: Answering = (response) => response.writeHead(404).end()
  const server = createServer((_, response) => {
    requests += 1
    answer(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    get requests() {
      return requests
    },
    publish: (...keys) => {
      answer = (response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }))
    },
    answer: (how) => {
      answer = how
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
