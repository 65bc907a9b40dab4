import { type LimitSettings, type Limits, limitsFrom } from '../limits/limits.js'
import { LONGEST_TIMER_MS, type NumberSetting } from './setting.js'

// Part of the table of settings: the limits that an operator sets. The others follow from them, or are fixed.

export const LIMIT_SETTINGS = {
  // Two file descriptors each: one here, one towards the ensemble.
  maxConnections: {
    kind: 'number',
    group: 'usual',
    option: 'limits.maxConnections',
    says: 'WebSockets that the gateway holds at one time; each takes two file descriptors.',
    unit: 'count',
    default: 20_000,
    min: 1,
  },
  maxSessions: {
    kind: 'number',
    group: 'usual',
    option: 'limits.maxSessions',
    says: 'Sessions that the gateway holds, with the sessions detached here that have not timed out.',
    unit: 'count',
    default: 20_000,
    min: 1,
  },
  // More tabs than one person has. Sessions of a replica that is gone come over, hence twice as many resumed ones.
  maxSessionsPerSubject: {
    kind: 'number',
    group: 'usual',
    option: 'limits.maxSessionsPerSubject',
    says: 'Sessions that one subject opens here; it may resume twice as many. Raise it if all visitors use the same sub.',
    unit: 'count',
    default: 200,
    min: 1,
    within: 'maxSessions',
  },
  maxConnectsPerSecond: {
    kind: 'number',
    group: 'rare',
    option: 'limits.maxConnectsPerSecond',
    says: 'WebSockets a second that one address opens in the long run; twenty times as many at once.',
    unit: 'count',
    default: 50,
    min: 1,
  },
  maxUnauthenticated: {
    kind: 'number',
    group: 'rare',
    option: 'limits.maxUnauthenticated',
    says: 'WebSockets without an accepted hello, and connections without a complete request, of all addresses together.',
    unit: 'count',
    default: 2_000,
    min: 1,
    within: 'maxConnections',
  },
  // By default ten addresses are needed to take all.
  maxUnauthenticatedPerAddress: {
    kind: 'number',
    group: 'rare',
    option: 'limits.maxUnauthenticatedPerAddress',
    says: 'The same for one address (IPv6: one /64). Raise it where thousands of pages come back from one address at once.',
    unit: 'count',
    default: 200,
    min: 1,
    within: 'maxUnauthenticated',
  },
  maxMessagesPerSecond: {
    kind: 'number',
    group: 'rare',
    option: 'limits.maxMessagesPerSecond',
    says: 'Messages a second of one page in the long run; beyond, its socket is read more slowly. All pages of a subject together have five times as many.',
    unit: 'count',
    default: 1_000,
    min: 1,
  },
  // By default a node of the largest size every half second.
  maxBytesPerSecond: {
    kind: 'number',
    group: 'rare',
    option: 'limits.maxBytesPerSecond',
    says: 'Bytes a second that one page sends and is answered, in the same way.',
    unit: 'bytes',
    default: 2_097_152,
    min: 1_024,
  },
  // Below ZooKeeper's globalOutstandingLimit, 1,000 for each server.
  maxCallsInFlight: {
    kind: 'number',
    group: 'rare',
    option: 'limits.maxCallsInFlight',
    says: 'Calls of one session that the ensemble has not answered yet.',
    unit: 'count',
    default: 500,
    min: 1,
  },
  // With its path below ZooKeeper's jute.maxbuffer (1 MiB - 1), past which a server closes the link without a word.
  maxDataBytes: {
    kind: 'number',
    group: 'rare',
    option: 'limits.maxDataBytes',
    says: "Data of one node; has to fit the ensemble's jute.maxbuffer.",
    unit: 'bytes',
    default: 1_000_000,
    min: 1,
  },
  // Above one largest reply, since a reply is one message.
  maxBufferedBytes: {
    kind: 'number',
    group: 'rare',
    option: 'limits.maxBufferedBytes',
    says: 'Bytes that wait for one page that does not read; half of them bound one view. All pages together have 32 times as much, and all views, too.',
    unit: 'bytes',
    default: 8_388_608,
    min: 65_536,
  },
  // What a page can hold in a list, and an ensemble be asked for in a second.
  maxViewNodes: {
    kind: 'number',
    group: 'rare',
    option: 'limits.maxViewNodes',
    says: 'Nodes of one view, which ends with TOO_LARGE beyond.',
    unit: 'count',
    default: 10_000,
    min: 1,
  },
  // Below ZooKeeper's listen backlog of 50, beyond which a connection waits for a second.
  attachConcurrency: {
    kind: 'number',
    group: 'rare',
    option: 'limits.attachConcurrency',
    says: "Links to the ensemble that are attached at one time; keep it below the servers' listen backlog. One subject has half of them.",
    unit: 'count',
    default: 40,
    min: 1,
  },
  drainMs: {
    kind: 'number',
    group: 'rare',
    option: 'limits.drainMs',
    says: 'Longest duration of a drain after SIGTERM.',
    unit: 'milliseconds',
    default: 10_000,
    min: 0,
    max: LONGEST_TIMER_MS,
  },
} as const satisfies Record<keyof LimitSettings, NumberSetting>

export const LIMIT_NAMES = Object.keys(LIMIT_SETTINGS) as (keyof LimitSettings)[]

/** Fills in the defaults, each within the setting that bounds it. */
export function completeLimits(given: { [Name in keyof LimitSettings]?: number | undefined }): LimitSettings {
  const limitOf = (name: keyof LimitSettings): number => {
    const { default: usual, within }: NumberSetting = LIMIT_SETTINGS[name]
    return given[name] ?? (within === undefined ? usual : Math.min(usual, limitOf(within)))
  }
  return Object.fromEntries(LIMIT_NAMES.map((name) => [name, limitOf(name)])) as unknown as LimitSettings
}

/** Every limit when nothing is set. */
export const DEFAULT_LIMITS: Readonly<Limits> = limitsFrom(completeLimits({}))
