import { createSecretKey, generateKeyPairSync, KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { publicKey, publishedAlgorithms, secretKey } from '../../../../server/src/access/verification-key.js'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey

describe('a verification key', () => {
  it('is only ever used with the algorithm of its type', () => {
    expect(secretKey('secret', undefined)).toEqual({ key: 'secret', algorithms: ['HS256'] })
    expect(publicKey(rsa, undefined)).toEqual({ key: rsa, algorithms: ['RS256'] })
    expect(publicKey(p256, undefined)).toEqual({ key: p256, algorithms: ['ES256'] })
  })

  it('is read from PEM', () => {
    const pem = p256.export({ type: 'spki', format: 'pem' }).toString()
    const { key, algorithms } = publicKey(pem, ['ES256'])
    expect(key instanceof KeyObject && key.equals(p256)).toBe(true)
    expect(algorithms).toEqual(['ES256'])
    expect(() => publicKey('no PEM', undefined)).toThrow()
  })

  it('is refused for an algorithm of another type, even beside the right one', () => {
    expect(() => secretKey('secret', ['RS256'])).toThrow('a secret is for HS256, not RS256')
    expect(() => secretKey('secret', ['HS256', 'ES256'])).toThrow('a secret is for HS256, not ES256')
    expect(() => publicKey(rsa, ['HS256'])).toThrow('an RSA public key is for RS256, not HS256')
    expect(() => publicKey(rsa, ['ES256'])).toThrow('an RSA public key is for RS256, not ES256')
    expect(() => publicKey(p256, ['RS256'])).toThrow('a P-256 public key is for ES256, not RS256')
    expect(() => publicKey(p256, [])).toThrow('a P-256 public key is for ES256, not nothing')
  })

  it('is RSA or P-256, and nothing else', () => {
    const problem = 'the public key must be an RSA or a P-256 key'
    for (const namedCurve of ['P-384', 'secp256k1']) {
      expect(() => publicKey(generateKeyPairSync('ec', { namedCurve }).publicKey, undefined)).toThrow(problem)
    }
    expect(() => publicKey(generateKeyPairSync('ed25519').publicKey, undefined)).toThrow(problem)
    const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey
    expect(() => publicKey(pss, undefined)).toThrow(problem)
    expect(() => publicKey(createSecretKey(Buffer.alloc(32)), undefined)).toThrow(problem)
  })
})

describe('the algorithms of published keys', () => {
  it('exclude HS256: a secret is not published', () => {
    expect(publishedAlgorithms(undefined)).toEqual(['RS256', 'ES256'])
    expect(publishedAlgorithms(['ES256'])).toEqual(['ES256'])
    const problem = 'a set of public keys is for RS256, ES256, not '
    expect(() => publishedAlgorithms(['RS256', 'HS256'])).toThrow(`${problem}HS256`)
    expect(() => publishedAlgorithms([])).toThrow(`${problem}nothing`)
  })
})
