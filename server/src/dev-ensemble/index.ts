/**
 * An Apache ZooKeeper ensemble in memory, for first runs and for tests: it speaks the wire protocol on loopback ports, so
 * that any ZooKeeper client works against it, and it can be made to fail on purpose.
 *
 * It behaves as release 3.8 does, which `test/conformance/` checks case by case against the real one. What differs:
 *
 * - Nothing outlives the process, and all servers see every change at once: no read is ever stale.
 * - There is no TLS, no SASL and no x509 identity; no quota, no throttling, no reconfiguration; `/zookeeper/config` is empty.
 * - Counts that nobody tests by, such as latencies, are 0 in the answers to four-letter words.
 * - In which order the ephemeral nodes of one session go is left open by ZooKeeper too; here it is that of creation.
 */
export { type DevEnsemble, type LinkTarget, startDevEnsemble } from './ensemble.js'
export type { DevEnsembleOptions } from './options.js'
