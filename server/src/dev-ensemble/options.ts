export interface DevEnsembleOptions {
  /** @default 3 */
  servers?: number
  /** One port for each server, 0 for any. @default any */
  ports?: readonly number[]
  /**
   * Milliseconds. Sessions end only at the end of a tick, so that expiry is late by up to one tick.
   * @default 500, with which timeouts are between 1 s and 10 s: short enough to watch a session expire
   */
  tickTimeMs?: number
  /** Shorter timeouts that clients ask for become this. @default 2 ticks, as in ZooKeeper */
  minSessionTimeoutMs?: number
  /** Longer timeouts that clients ask for become this. @default 20 ticks, as in ZooKeeper */
  maxSessionTimeoutMs?: number
  /** Between two searches for empty containers and nodes past their time to live. @default 60_000, as in ZooKeeper */
  containerCheckIntervalMs?: number
  /** Whether nodes may have a time to live; else they are UNIMPLEMENTED. @default false, as in ZooKeeper */
  extendedTypes?: boolean
  /** False: addWatch and setWatches2 are UNIMPLEMENTED, as in ZooKeeper before 3.6. @default true */
  persistentWatches?: boolean
  /** Bytes. A client that sends a longer frame loses its connection. @default 1 MiB - 1, as in ZooKeeper */
  maxFrameBytes?: number
}

export type CheckedOptions = Required<DevEnsembleOptions>

/** One byte of the session id holds the server's number, and its top bit stays free. */
const MOST_SERVERS = 127

const DEFAULTS = {
  servers: 3,
  tickTimeMs: 500,
  containerCheckIntervalMs: 60_000,
  extendedTypes: false,
  persistentWatches: true,
  maxFrameBytes: 1024 * 1024 - 1,
}

/** @throws RangeError, which names the option. */
export function checkOptions(options: DevEnsembleOptions): CheckedOptions {
  const given = { ...DEFAULTS, ...options }
  const checked = {
    ports: Array.from({ length: given.servers }, () => 0),
    minSessionTimeoutMs: 2 * given.tickTimeMs,
    maxSessionTimeoutMs: 20 * given.tickTimeMs,
    ...given,
  }
  requireInteger('servers', checked.servers, 1, MOST_SERVERS)
  requireInteger('tickTimeMs', checked.tickTimeMs, 1)
  requireInteger('minSessionTimeoutMs', checked.minSessionTimeoutMs, 1)
  requireInteger('maxSessionTimeoutMs', checked.maxSessionTimeoutMs, checked.minSessionTimeoutMs)
  requireInteger('containerCheckIntervalMs', checked.containerCheckIntervalMs, 1)
  requireInteger('maxFrameBytes', checked.maxFrameBytes, 1)
  if (checked.ports.length !== checked.servers) {
    throw new RangeError(
      `ports: ${checked.ports.length} for ${checked.servers} servers; give one port for each server`,
    )
  }
  return checked
}

function requireInteger(name: string, value: number, least: number, most = 0x7fffffff): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw new RangeError(`${name}: ${value} is no integer between ${least} and ${most}; give one`)
}
