/**
 * Every limit of the gateway, with its default. Each is a setting of the same name.
 * A limit that is reached costs the page that reached it an error, and nobody else anything.
 */
export const DEFAULT_LIMITS = {
  /** Milliseconds from the upgrade to the hello. A page asks for its token before it dials, so this is one round trip. */
  helloTimeoutMs: 5_000,
  /** Milliseconds for the HTTP request that asks for the WebSocket, from the first byte of the connection to its last. */
  upgradeTimeoutMs: 10_000,
  /** Bytes of one WebSocket message: ZooKeeper's own 1 MiB for a node, in JSON with room for escapes. */
  maxMessageBytes: 1_572_864,
  /** Bytes of a node's data. Past `jute.maxbuffer` (1 MiB - 1, path and all) a server drops the link without a word. */
  maxDataBytes: 1_000_000,
  /** Messages in one frame. Pages send so many in one, and the rest in the next. */
  maxFrameMessages: 1_000,
  /** Calls of one session that the ensemble has not answered yet. ZooKeeper's globalOutstandingLimit is 1000 a server. */
  maxCallsInFlight: 500,
  /** Watches of one session. */
  maxWatches: 5_000,
  /** Bytes of their paths, so that they still fit one hello when the page resumes. The ensemble keeps each of them, too. */
  maxWatchBytes: 1_000_000,
  /** Bytes waiting for a page that does not read; above one largest reply, since a reply is one message. */
  maxBufferedBytes: 8_388_608,
  /** Bytes waiting for all pages together; whoever reads slowest goes first. As much as thirty of the slowest pages may take. */
  maxBufferedBytesTotal: 268_435_456,
  /** Parts of one multi, which the ensemble works on as one. */
  maxMultiParts: 500,
  /** Characters of a path, chroot included. */
  maxPathLength: 2_048,
  /** Parts of the path of a node that is made: deeper trees than anybody plans are mistakes that no tool can list. */
  maxPathDepth: 64,
  /** Messages a second of one page in the long run, twice as many at once; beyond, its socket is read more slowly. */
  maxMessagesPerSecond: 1_000,
  /** Bytes a second of one page, its answers included, in the same way: a node of the largest size every half second. */
  maxBytesPerSecond: 2_097_152,
  /** Messages a second of all pages of one subject: five that send as fast as they may, or two hundred that have a few to send. */
  maxMessagesPerSecondPerSubject: 5_000,
  /** Bytes a second of all pages of one subject. */
  maxBytesPerSecondPerSubject: 10_485_760,
  /** WebSockets in all. Each costs two descriptors, one here and one towards the ensemble. */
  maxConnections: 20_000,
  /** WebSockets whose hello has not been accepted yet. */
  maxUnauthenticated: 2_000,
  /** Those of one address (IPv6: of one /64); ten addresses are needed to fill the places of all. */
  maxUnauthenticatedPerAddress: 200,
  /**
   * Bytes that have come from all of them: one largest hello is `maxMessageBytes`, and two thousand unfinished ones would be
   * three gigabytes.
   */
  maxUnauthenticatedBytes: 67_108_864,
  /** WebSockets a second that one address opens in the long run. */
  maxConnectsPerSecond: 50,
  /** WebSockets that one address opens at once: an office comes back together when a replica is gone. */
  connectBurst: 1_000,
  /** Addresses whose rate is remembered; each costs some 200 bytes. */
  maxAddresses: 50_000,
  /** Sessions that this process holds, with those that it has let go of and that have not timed out. */
  maxSessions: 20_000,
  /**
   * Those of one subject: more tabs than anybody has, and one subject cannot take all places. Twice as many may be taken up
   * here again, because those of a replica that is gone come over.
   */
  maxSessionsPerSubject: 200,
  /** Smoothed milliseconds by which the event loop is late, beyond which those who have no session yet are put off. */
  maxEventLoopLagMs: 1_000,
  /** Links being opened or re-attached at one time; below ZooKeeper's listen backlog of 50, which drops the rest for a second. */
  attachConcurrency: 40,
  /** Those of one subject: where everybody else waits, half of the places stay theirs. */
  attachConcurrencyPerSubject: 20,
  /**
   * Milliseconds for which the keys of a JWKS address are used when it cannot be asked: an outage of the identity provider
   * over a day is nobody's plan, and a key that was withdrawn lives no longer.
   */
  maxJwksAgeMs: 86_400_000,
  /** Views of one session. Each further one that other pages show too costs the gateway next to nothing. */
  maxViews: 100,
  /** Different views in all, however many pages share each. Each costs a watch on the ensemble, and its nodes in memory. */
  maxSharedViews: 10_000,
  /** Different views that the pages of one subject are shown: five busy pages, and twenty subjects are needed to take all. */
  maxSharedViewsPerSubject: 500,
  /** Nodes of one view: what a page can hold in a list, and an ensemble be asked for in a second. */
  maxViewNodes: 10_000,
  /** Bytes of one view as it is sent to a page that opens it; below what may wait for a page (`maxBufferedBytes`). */
  maxViewBytes: 4_194_304,
  /**
   * Bytes that all views take in memory, about 768 of them for each node besides its texts: 300,000 small nodes. Beyond, the
   * largest view of whoever takes most ends.
   */
  maxViewBytesTotal: 268_435_456,
  /**
   * Nodes a second that are read because one page opens views, in the long run, and two of the largest views at once: a page
   * that goes from view to view reads hundreds, one that opens and closes in a loop tens of thousands.
   */
  maxViewReadsPerSecond: 2_000,
  /**
   * Milliseconds in which a view reads each of its nodes once more, to find those that other clients have hidden since, of which
   * ZooKeeper tells nobody. Ten thousand nodes are some 300 reads a second, less than a hundredth of what a server answers.
   */
  viewCheckMs: 30_000,
  /** Nodes a second that all views read for that: some 8% of a core. Beyond, views with more than their part take longer. */
  maxViewChecksPerSecond: 2_000,
  /** Bytes waiting for a page from which on its views skip what they would tell it, until it has read everything. */
  maxViewBacklogBytes: 65_536,
  /** Milliseconds that `drain` takes at most. */
  drainMs: 10_000,
} as const

export type Limits = { -readonly [K in keyof typeof DEFAULT_LIMITS]: number }

export type LimitName = keyof typeof DEFAULT_LIMITS
