import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Resume } from 'zoogate-client/protocol'
import type { Limits } from '../limits/limits.js'
import { pathProblem } from '../wire/path.js'
import type { Identity } from './claims.js'
import type { Need } from './rights.js'

// A resume token is a session's id and password under lock and key. The password itself is no secret, anybody
// can compute it from the id, so what protects a session is that nothing but a sealed token is ever accepted.
//
//   version (1) | key id (4) | nonce (12) | ciphertext | tag (16)      in base64url; the first five are authenticated

const VERSION = 1
const HEADER_BYTES = 5
const NONCE_BYTES = 12
const TAG_BYTES = 16
export const RESUME_KEY_BYTES = 32

/** What a token says about the session that it resumes. */
export interface SealedSession {
  /** 8 bytes. */
  id: Buffer
  /** 16 bytes. */
  password: Buffer
  /** The only subject that the token opens for. */
  subject: string
  /** Whose subject that is; null where the token did not say. */
  issuer: string | null
  /** The chroot that the session was opened under, the gateway's own included. */
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

  /** @param keys each of 32 bytes; the first seals, each opens, so that keys can be rotated */
  constructor(keys: readonly Buffer[]) {
    if (keys.length === 0) throw new Error('resume tokens need at least one key')
    for (const key of keys) {
      if (key.length !== RESUME_KEY_BYTES) throw new Error(`a resume key has ${RESUME_KEY_BYTES} bytes`)
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

  /** @returns null for whatever this gateway did not seal under one of its present keys */
  open(token: string): SealedSession | null {
    const bytes = Buffer.from(token, 'base64url')
    if (bytes.length <= HEADER_BYTES + NONCE_BYTES + TAG_BYTES || bytes[0] !== VERSION) return null
    // Node's decoder forgives; one session has one spelling of a token.
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
    return null // truncated, altered, or sealed by another key
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

/** Names a key without telling anything about it. */
function keyId(key: Buffer): number {
  return createHash('sha256').update('zoogate resume key').update(key).digest().readUInt32BE(0)
}

/**
 * Whether a page may take up the session that its resume token names.
 * @returns what is wrong, for the page to read, or null
 */
export function resumeProblem(
  resume: Resume,
  sealed: SealedSession | null,
  identity: Identity,
  chroot: string,
  limits: Limits,
): string | null {
  if (sealed === null) return 'the resume token does not open; a new session is needed'
  // One text for all, so that a stolen token tells its thief nothing.
  const isOwn = sealed.subject === identity.subject && sealed.issuer === identity.issuer
  if (!isOwn || sealed.chroot !== chroot) {
    return 'the resume token belongs to another identity; a new session is needed'
  }
  const { data, exist, child, persistent = [], recursive = [] } = resume.watches
  const single = [...data, ...exist, ...child, ...persistent]
  const needs: Need[] = [
    ...single.map((path): Need => ({ right: 'watch', path })),
    ...recursive.map((path): Need => ({ right: 'watch', path, scope: 'subtree' })),
  ]
  if (needs.length > limits.maxWatches) return `a session holds at most ${limits.maxWatches} watches`
  for (const need of needs) {
    const problem = pathProblem(need.path, limits.maxPathLength)
    if (problem) return `a watch cannot be set again: ${problem}`
    if (!identity.rights.allows(need)) {
      return 'a watch is on a path that the token does not allow; a new session is needed'
    }
  }
  return null
}
