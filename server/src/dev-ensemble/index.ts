/**
 * An Apache ZooKeeper ensemble in memory, for first runs and for tests. It speaks the wire protocol on loopback ports, so
 * that any ZooKeeper client works against it, and it fails on purpose when it is asked to.
 *
 * It behaves as release 3.8 does: `test/zookeeper/conformance/` compares them case by case. Differences:
 *
 * - Nothing outlives the process, and all servers see every change at once: no read is ever stale.
 * - There is no TLS, no SASL and no x509 identity; no quota, no throttling, no reconfiguration; `/zookeeper/config` is empty.
 * - Some counts, such as latencies, are always 0 in the answers to four-letter words.
 * - The ephemeral nodes of one session are deleted in the order of their creation. ZooKeeper leaves the order open.
 */
export { type DevEnsemble, type LinkTarget, startDevEnsemble } from './ensemble.js'
export type { DevEnsembleOptions } from './options.js'
