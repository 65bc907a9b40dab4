import type { MultiPart, NodeData, WireError } from 'zoogate-client/protocol'
import type { LimitName, Limits } from '../limits/limits.js'
import { wireError } from '../wire/errors.js'
import { byteLength } from '../wire/protocol.js'

// The limits of calls, checked before the ensemble is asked. Each function gives the refusal of a call that is past a limit, or
// that contradicts itself; else null.

/** A call that is not passed on to the ensemble. */
export interface CallRefusal {
  error: WireError
  /** The limit that it is past. Absent for a call that is wrong in itself. */
  limit?: LimitName
}

/** The watches of a session. */
export interface WatchUse {
  readonly watchCount: number
  /** Bytes of their paths. */
  readonly watchBytes: number
}

/** Rough bytes of a part besides its path and data: header, version, an access control list of a few entries. */
const PART_OVERHEAD_BYTES = 64

export function tooManyParts(fields: { parts?: unknown }, { maxMultiParts }: Limits): CallRefusal | null {
  if (!Array.isArray(fields.parts) || fields.parts.length <= maxMultiParts) return null
  const message = `a multi has at most ${maxMultiParts} parts; make several`
  return { limit: 'maxMultiParts', error: wireError('TOO_LARGE', { message }) }
}

export function tooMuchData(
  { path, data }: { path: string; data?: NodeData },
  { maxDataBytes }: Limits,
): CallRefusal | null {
  if (byteLength(data) <= maxDataBytes) return null
  const message = `a node holds at most ${maxDataBytes} bytes here; keep large things elsewhere`
  return { limit: 'maxDataBytes', error: wireError('TOO_LARGE', { path, message }) }
}

export function tooLargeMulti({ parts }: { parts: MultiPart[] }, limits: Limits): CallRefusal | null {
  const bytes = parts.reduce((sum, part) => sum + bytesOf(part), 0)
  if (bytes > limits.maxDataBytes) {
    const message = `a multi holds at most ${limits.maxDataBytes} bytes; make several`
    return { limit: 'maxDataBytes', error: wireError('TOO_LARGE', { message }) }
  }
  for (const [at, part] of parts.entries()) {
    const refusal = part.op === 'create' ? wrongCreation(part, limits) : null
    if (refusal) return { ...refusal, error: { ...refusal.error, part: at } }
  }
  return null
}

function bytesOf(part: MultiPart): number {
  const data = 'data' in part ? byteLength(part.data) : 0
  return PART_OVERHEAD_BYTES + Buffer.byteLength(part.path) + data
}

export function tooManyWatches(
  { path }: { path: string },
  { maxWatches, maxWatchBytes }: Limits,
  { watchCount, watchBytes }: WatchUse,
): CallRefusal | null {
  const refuse = (limit: LimitName, most: string) => {
    const message = `a session holds at most ${most}; watch a parent instead`
    return { limit, error: wireError('RATE_LIMITED', { path, message }) }
  }
  if (watchCount >= maxWatches) return refuse('maxWatches', `${maxWatches} watches`)
  if (watchBytes < maxWatchBytes) return null
  return refuse('maxWatchBytes', `watches of ${maxWatchBytes} bytes of paths`)
}

interface Creation {
  path: string
  mode?: string
  ttlMs?: number
}

export function wrongCreation({ path, mode, ttlMs }: Creation, { maxPathDepth }: Limits): CallRefusal | null {
  // A path that has been checked begins with its first slash and does not end with one.
  if (path.split('/').length - 1 > maxPathDepth) {
    const message = `a path has at most ${maxPathDepth} parts here; make a flatter tree`
    return { limit: 'maxPathDepth', error: wireError('BAD_REQUEST', { path, message }) }
  }
  // A time to live goes with the two modes that have one, and with no other.
  const wanted = mode === 'ttl' || mode === 'ttl_sequential'
  if (wanted === (ttlMs !== undefined)) return null
  const message = wanted ? `mode ${mode} needs ttlMs` : 'ttlMs goes with the modes ttl and ttl_sequential'
  return { error: wireError('BAD_REQUEST', { path, message }) }
}
