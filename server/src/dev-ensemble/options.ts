export interface DevEnsembleOptions {
  /** @default 3 */
  servers?: number
  /** One port for each server, 0 for any. @default any */
  ports?: readonly number[]
  /**
   * Milliseconds. Sessions end at ends of ticks only, so expiry is late by up to one.
   * @default 500, which lets timeouts be between 1 s and 10 s: short enough to watch one pass
   */
  tickTimeMs?: number
  /** Shorter ones that clients ask for become this. @default 2 ticks, as in ZooKeeper */
  minSessionTimeoutMs?: number
  /** Longer ones that clients ask for become this. @default 20 ticks, as in ZooKeeper */
  maxSessionTimeoutMs?: number
  /** How often empty containers and nodes past their time to live are looked for. @default 60_000, as in ZooKeeper */
  containerCheckIntervalMs?: number
  /** Whether nodes may have a time to live. @default false, as in ZooKeeper, which then answers UNIMPLEMENTED */
  extendedTypes?: boolean
  /** False: addWatch and setWatches2 are UNIMPLEMENTED, as in ZooKeeper before 3.6. @default true */
  persistentWatches?: boolean
  /** A longer frame from a client costs it the connection, in bytes. @default 1 MiB - 1, as in ZooKeeper */
  maxFrameBytes?: number
}

export type CheckedOptions = Required<DevEnsembleOptions>

/** ZooKeeper numbers servers in one byte of the session id, whose top bit stays free here. */
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
    throw new RangeError(`ports: ${checked.ports.length} for ${checked.servers} servers; give one for each`)
  }
  return checked
}

function requireInteger(name: string, value: number, least: number, most = 0x7fffffff): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw new RangeError(`${name}: ${value} is no integer between ${least} and ${most}`)
}
