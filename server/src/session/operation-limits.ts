import type { Call, MultiPart, WireError } from 'zoogate-client/protocol'
import type { LimitName, Limits } from '../limits/limits.js'
import { wireError } from '../wire/errors.js'
import { byteLength } from './node-values.js'

/** Rough bytes of a part besides its path and data: header, version, an access control list of a few entries. */
const PART_OVERHEAD_BYTES = 64

/** Why a call is not passed on. */
export interface CallRefusal {
  error: WireError
  /** The limit that it is past; none for what cannot be meant. */
  limit?: LimitName
}

/** What the watches of a session take. */
export interface WatchUse {
  watchCount: number
  watchBytes: number
}

/** Whether a call is past a limit, or cannot be meant: refused before the ensemble is asked. */
export function limitRefusal(call: Call, watches: WatchUse, limits: Limits): CallRefusal | null {
  switch (call.op) {
    case 'create':
      return creationRefusal(call, limits) ?? dataRefusal(call, byteLength(call.data), limits)
    case 'setData':
      return dataRefusal(call, byteLength(call.data), limits)
    case 'multi':
      return multiRefusal(call.parts, limits)
    case 'addWatch':
      return watchRefusal(call, watches, limits)
    case 'exists':
    case 'getData':
    case 'getChildren':
      return call.watch ? watchRefusal(call, watches, limits) : null
    default:
      return null
  }
}

function multiRefusal(parts: MultiPart[], limits: Limits): CallRefusal | null {
  const bytes = parts.reduce(
    (sum, part) =>
      sum +
      PART_OVERHEAD_BYTES +
      Buffer.byteLength(part.path) +
      byteLength('data' in part ? part.data : undefined),
    0,
  )
  if (bytes > limits.maxDataBytes) {
    const message = `a multi holds at most ${limits.maxDataBytes} bytes; make several`
    return { limit: 'maxDataBytes', error: wireError('TOO_LARGE', { message }) }
  }
  for (const [at, part] of parts.entries()) {
    const refusal = part.op === 'create' ? creationRefusal(part, limits) : null
    if (refusal) return { ...refusal, error: { ...refusal.error, part: at } }
  }
  return null
}

function watchRefusal({ path }: { path: string }, watches: WatchUse, limits: Limits): CallRefusal | null {
  const refusal = (limit: LimitName, most: string) => {
    const message = `a session holds at most ${most}; watch a parent instead`
    return { limit, error: wireError('RATE_LIMITED', { path, message }) }
  }
  if (watches.watchCount >= limits.maxWatches) return refusal('maxWatches', `${limits.maxWatches} watches`)
  if (watches.watchBytes >= limits.maxWatchBytes) {
    return refusal('maxWatchBytes', `watches of ${limits.maxWatchBytes} bytes of paths`)
  }
  return null
}

function dataRefusal({ path }: { path: string }, bytes: number, limits: Limits): CallRefusal | null {
  if (bytes <= limits.maxDataBytes) return null
  const message = `a node holds at most ${limits.maxDataBytes} bytes here; keep large things elsewhere`
  return { limit: 'maxDataBytes', error: wireError('TOO_LARGE', { path, message }) }
}

interface Creation {
  path: string
  mode?: string
  ttlMs?: number
}

function creationRefusal({ path, mode, ttlMs }: Creation, limits: Limits): CallRefusal | null {
  // A path that has been checked begins with its first slash and does not end with one.
  if (path.split('/').length - 1 > limits.maxPathDepth) {
    const message = `a path has at most ${limits.maxPathDepth} parts here; make a flatter tree`
    return { limit: 'maxPathDepth', error: wireError('BAD_REQUEST', { path, message }) }
  }
  // A time to live goes with the two modes that have one, and with no other.
  const wanted = mode === 'ttl' || mode === 'ttl_sequential'
  if (wanted === (ttlMs !== undefined)) return null
  const message = wanted ? `mode ${mode} needs ttlMs` : 'ttlMs goes with the modes ttl and ttl_sequential'
  return { error: wireError('BAD_REQUEST', { path, message }) }
}
