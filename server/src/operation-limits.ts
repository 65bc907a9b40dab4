import type { Call, MultiPart, WireError } from 'zoogate-client/protocol'
import { wireError } from './errors.js'
import type { Limits } from './limits.js'
import { byteLength } from './node-values.js'

/** Rough bytes of a part besides its path and data: header, version, an access control list of a few entries. */
const PART_OVERHEAD_BYTES = 64

/** Whether a call is past a limit, or cannot be meant: refused before the ensemble is asked. */
export function limitRefusal(call: Call, watchCount: number, limits: Limits): WireError | null {
  switch (call.op) {
    case 'create':
      return ttlRefusal(call) ?? dataRefusal(call, byteLength(call.data), limits)
    case 'setData':
      return dataRefusal(call, byteLength(call.data), limits)
    case 'multi':
      return multiRefusal(call.parts, limits)
    case 'addWatch':
      return watchRefusal(call, watchCount, limits)
    case 'exists':
    case 'getData':
    case 'getChildren':
      return call.watch ? watchRefusal(call, watchCount, limits) : null
    default:
      return null
  }
}

function multiRefusal(parts: MultiPart[], limits: Limits): WireError | null {
  if (parts.length > limits.maxMultiParts) {
    return wireError('TOO_LARGE', {
      message: `a multi has at most ${limits.maxMultiParts} parts; make several`,
    })
  }
  const bytes = parts.reduce(
    (sum, part) =>
      sum +
      PART_OVERHEAD_BYTES +
      Buffer.byteLength(part.path) +
      byteLength('data' in part ? part.data : undefined),
    0,
  )
  if (bytes > limits.maxDataBytes) {
    return wireError('TOO_LARGE', {
      message: `a multi holds at most ${limits.maxDataBytes} bytes; make several`,
    })
  }
  for (const [at, part] of parts.entries()) {
    const refusal = part.op === 'create' ? ttlRefusal(part) : null
    if (refusal) return { ...refusal, part: at }
  }
  return null
}

function watchRefusal({ path }: { path: string }, watchCount: number, limits: Limits): WireError | null {
  if (watchCount < limits.maxWatches) return null
  const message = `a session holds at most ${limits.maxWatches} watches; watch a parent instead`
  return wireError('RATE_LIMITED', { path, message })
}

function dataRefusal({ path }: { path: string }, bytes: number, limits: Limits): WireError | null {
  if (bytes <= limits.maxDataBytes) return null
  const message = `a node holds at most ${limits.maxDataBytes} bytes here; keep large things elsewhere`
  return wireError('TOO_LARGE', { path, message })
}

/** A time to live goes with the two modes that have one, and with no other. */
function ttlRefusal({
  path,
  mode,
  ttlMs,
}: {
  path: string
  mode?: string
  ttlMs?: number
}): WireError | null {
  const wanted = mode === 'ttl' || mode === 'ttl_sequential'
  if (wanted === (ttlMs !== undefined)) return null
  const message = wanted ? `mode ${mode} needs ttlMs` : 'ttlMs goes with the modes ttl and ttl_sequential'
  return wireError('BAD_REQUEST', { path, message })
}
