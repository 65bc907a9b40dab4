import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Resume } from 'zoogate-client/protocol'
import type { Limits } from '../limits/limits.js'
import { pathProblem } from '../wire/path.js'
import type { Identity } from './claims.js'
import type { Need } from './rights.js'

// A resume token holds a session's id and password, encrypted. ZooKeeper's password is no secret: it can be computed from the
// id. What protects a session is that the gateway accepts nothing but a sealed token.
//
//   version (1) | key id (4) | nonce (12) | ciphertext | tag (16)      in base64url; the first five bytes are authenticated

const VERSION = 1
const HEADER_BYTES = 5
const NONCE_BYTES = 12
const TAG_BYTES = 16
export const RESUME_KEY_BYTES = 32

/** The content of a resume token. */
export interface SealedSession {
  /** 8 bytes. */
  id: Buffer
  /** 16 bytes. */
  password: Buffer
  /** The only subject that may resume the session. */
  subject: string
  /** The issuer of its token; null for a token without `iss`. */
  issuer: string | null
  /** The chroot of the session, with the gateway's own. */
  chroot: string
  /** Milliseconds since the epoch. */
  issuedAt: number
  /** Grows with each attach of the session. */
  generation: number
}

const contentSchema = z.tuple([
  z.base64(),
  z.base64(),
  z.string(),
  z.string().nullable(),
  z.string(),
  z.number(),
  z.number(),
])

/** Seals and opens resume tokens. All replicas share its keys. */
export class ResumeTokens {
  readonly #keys: readonly { id: number; key: Buffer }[]

  /** @param keys each of 32 bytes; the first seals and all open, so that keys can be rotated */
  constructor(keys: readonly Buffer[]) {
    if (keys.length === 0) throw new Error('resume tokens need at least one key; give one of 32 bytes')
    for (const key of keys) {
      if (key.length !== RESUME_KEY_BYTES)
        throw new Error(`a resume key has ${RESUME_KEY_BYTES} bytes, not ${key.length}`)
    }
    this.#keys = keys.map((key) => ({ id: keyId(key), key }))
  }

  seal(session: SealedSession): string {
    const { id, key } = this.#keys[0]!
    const header = Buffer.alloc(HEADER_BYTES)
    header[0] = VERSION
    header.writeUInt32BE(id, 1)
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(header)
    const content = JSON.stringify([
      session.id.toString('base64'),
      session.password.toString('base64'),
      session.subject,
      session.issuer,
      session.chroot,
      session.issuedAt,
      session.generation,
    ] satisfies z.infer<typeof contentSchema>)
    const sealed = Buffer.concat([cipher.update(content), cipher.final()])
    return Buffer.concat([header, nonce, sealed, cipher.getAuthTag()]).toString('base64url')
  }

  /** @returns null for a token that no replica has sealed under one of the present keys */
  open(token: string): SealedSession | null {
    const bytes = Buffer.from(token, 'base64url')
    if (bytes.length <= HEADER_BYTES + NONCE_BYTES + TAG_BYTES || bytes[0] !== VERSION) return null
    // Node's decoder is lenient; a token has exactly one spelling.
    if (bytes.toString('base64url') !== token) return null
    const id = bytes.readUInt32BE(1)
    for (const candidate of this.#keys) {
      const session = candidate.id === id ? decrypt(candidate.key, bytes) : null
      if (session) return session
    }
    return null
  }
}

function decrypt(key: Buffer, bytes: Buffer): SealedSession | null {
  const nonce = bytes.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(bytes.subarray(0, HEADER_BYTES)).setAuthTag(bytes.subarray(-TAG_BYTES))
  let content: unknown
  try {
    const opened = decipher.update(bytes.subarray(HEADER_BYTES + NONCE_BYTES, -TAG_BYTES))
    content = JSON.parse(Buffer.concat([opened, decipher.final()]).toString('utf8'))
  } catch {
    return null // truncated, altered, or sealed under another key
  }
  const fields = contentSchema.safeParse(content)
  if (!fields.success) return null
  const [id, password, subject, issuer, chroot, issuedAt, generation] = fields.data
  return {
    id: Buffer.from(id, 'base64'),
    password: Buffer.from(password, 'base64'),
    subject,
    issuer,
    chroot,
    issuedAt,
    generation,
  }
}

/** Names a key without revealing any of it. */
function keyId(key: Buffer): number {
  return createHash('sha256').update('zoogate resume key').update(key).digest().readUInt32BE(0)
}

/**
 * Whether a page may resume the session of its resume token.
 * @returns the reason against it, for the page, or null
 */
export function resumeProblem(
  resume: Resume,
  sealed: SealedSession | null,
  identity: Identity,
  chroot: string,
  limits: Limits,
): string | null {
  if (sealed === null) return 'the resume token does not open; begin a new session'
  // One text for all three, so that a thief learns nothing from a stolen token.
  const isOwn = sealed.subject === identity.subject && sealed.issuer === identity.issuer
  if (!isOwn || sealed.chroot !== chroot) {
    return 'the resume token belongs to another identity; begin a new session'
  }
  const { data, exist, child, persistent = [], recursive = [] } = resume.watches
  const single = [...data, ...exist, ...child, ...persistent]
  const needs: Need[] = [
    ...single.map((path): Need => ({ right: 'watch', path })),
    ...recursive.map((path): Need => ({ right: 'watch', path, scope: 'subtree' })),
  ]
  if (needs.length > limits.maxWatches)
    return `a session holds at most ${limits.maxWatches} watches; begin a new session with fewer`
  for (const need of needs) {
    const problem = pathProblem(need.path, limits.maxPathLength)
    if (problem) return `a watch cannot be set again: ${problem}`
    if (!identity.rights.allows(need)) {
      return 'a watch is on a path that the token does not allow; begin a new session'
    }
  }
  return null
}
