/**
 * Heartbeats, which come after a third of it, come after a round has ended. They cost views and the classic recipe the
 * same, for each session, and would come in bursts that hit one round and not the other.
 */
export const SESSION_TIMEOUT_MS = 600_000
/** As rare as the heartbeats of the sessions. */
export const HEARTBEAT_MS = SESSION_TIMEOUT_MS / 3

export interface Distribution {
  p50: number
  p99: number
  max: number
}

/** @param samples in any order, at least one. */
export function distributionOf(samples: readonly number[]): Distribution {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** The cost of the changes of one subject, without the idle load. */
export interface Figures {
  changes: number
  /** Milliseconds from the acknowledgement of a change until the last viewer knows it. */
  fromAcknowledgement: Distribution
  /** Milliseconds from the call, so the write itself included. */
  fromCall: Distribution
  /** Notices per change and viewer: below 1 where a viewer skipped outdated changes. */
  noticesPerChange: number
  /** Milliseconds of CPU time per change of the process between members and viewers; null where there is none. */
  brokerCpuMs: number | null
  /** Milliseconds of CPU time per change of the ZooKeeper server. */
  ensembleCpuMs: number
  /** Milliseconds of CPU time per change of the process that all viewers live in. */
  viewersCpuMs: number
  /** Packets that the ZooKeeper server received and sent, per change. */
  packets: number
  /** Watches that the ZooKeeper server held while the viewers looked. */
  watches: number
}
