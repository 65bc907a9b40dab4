// Every limit of the gateway. A page that reaches one gets an error; other pages lose nothing.

/** Limits that an operator sets, each with its default and minimum in the table of settings. */
export interface LimitSettings {
  maxConnections: number
  maxConnectsPerSecond: number
  maxUnauthenticated: number
  maxUnauthenticatedPerAddress: number
  maxSessions: number
  maxSessionsPerSubject: number
  maxMessagesPerSecond: number
  maxBytesPerSecond: number
  maxCallsInFlight: number
  maxDataBytes: number
  maxBufferedBytes: number
  maxViewNodes: number
  attachConcurrency: number
  drainMs: number
}

const MIB = 1_048_576

/** Limits that no deployment needs different. */
export const FIXED_LIMITS = {
  /** Milliseconds from the upgrade to the hello. A page asks for its token before it dials, so this is one round trip. */
  helloTimeoutMs: 5_000,
  /** Milliseconds for the HTTP request that asks for the WebSocket, from the first byte of the connection to its last. */
  upgradeTimeoutMs: 10_000,
  /** Messages in one frame. The SDK sends at most this number in one frame, and the rest in the next. */
  maxFrameMessages: 1_000,
  /** Watches of one session. */
  maxWatches: 5_000,
  /** Bytes of the paths of a session's watches: they still fit one hello when the page resumes. The ensemble keeps them, too. */
  maxWatchBytes: 1_000_000,
  /** Parts of one multi, which the ensemble executes as one transaction. */
  maxMultiParts: 500,
  /** Characters of a path as the page writes it; the chroot of its token and of the connect string come on top. */
  maxPathLength: 2_048,
  /** Parts of the path of a created node. A deeper tree is a mistake that no tool can list. */
  maxPathDepth: 64,
  /** Addresses with a remembered connect rate; each costs some 200 bytes. */
  maxAddresses: 50_000,
  /** Smoothed lag of the event loop in milliseconds, above which pages without a session are put off. */
  maxEventLoopLagMs: 1_000,
  /**
   * Milliseconds for which fetched keys of a key set stay in use while its address does not answer: longer than an outage of an
   * identity provider, and a bound for the life of a withdrawn key.
   */
  maxJwksAgeMs: 86_400_000,
  /** Views of one session. A view that other pages show too costs the gateway next to nothing. */
  maxViews: 100,
  /** Different views in all, however many pages share each. Each costs a watch on the ensemble, and its nodes in memory. */
  maxSharedViews: 10_000,
  /** Different views of one subject's pages: enough for five busy pages, and twenty subjects are needed to take all. */
  maxSharedViewsPerSubject: 500,
  /**
   * Milliseconds within which a view reads each of its nodes once more, to drop nodes that other clients have hidden:
   * ZooKeeper sends no event for a changed access control list. 10,000 nodes are 333 reads a second, below a hundredth of a
   * server's rate.
   */
  viewCheckMs: 30_000,
  /** Nodes a second that the checks of all views read: some 8% of a core. Beyond, large views are checked less often. */
  maxViewChecksPerSecond: 2_000,
  /**
   * Bytes in a page's backlog above which its view deltas are dropped and its calls wait; once drained, it gets the difference.
   * Not less: below a socket's own buffer (64 KiB in newer Node.js) the socket does not report when all has been read.
   */
  maxViewBacklogBytes: 65_536,
} as const

/** Every limit: the settings, the fixed limits, and the limits that follow from the settings. */
export type Limits = LimitSettings &
  Record<keyof typeof FIXED_LIMITS | keyof ReturnType<typeof derived>, number>

export type LimitName = keyof Limits

export function limitsFrom(settings: LimitSettings): Readonly<Limits> {
  return Object.freeze({ ...settings, ...FIXED_LIMITS, ...derived(settings) })
}

function derived({
  maxConnectsPerSecond,
  maxMessagesPerSecond,
  maxBytesPerSecond,
  maxDataBytes,
  maxBufferedBytes,
  maxViewNodes,
  attachConcurrency,
}: LimitSettings) {
  const nodeBytes = Math.ceil(maxDataBytes / MIB) * MIB
  return {
    /** WebSockets that one address opens at once: an office comes back together when a replica is gone. */
    connectBurst: 20 * maxConnectsPerSecond,
    /** Bytes received before an accepted hello, on all WebSockets together: some forty of the largest messages. */
    maxUnauthenticatedBytes: 64 * nodeBytes,
    /** Messages a second of all pages of one subject: five at their full rate, or two hundred with a few messages each. */
    maxMessagesPerSecondPerSubject: 5 * maxMessagesPerSecond,
    /** Bytes a second of all pages of one subject. */
    maxBytesPerSecondPerSubject: 5 * maxBytesPerSecond,
    /** Bytes of one WebSocket message: the largest node as base64 in JSON takes 4/3 of its data; the rest is for escapes. */
    maxMessageBytes: 1.5 * nodeBytes,
    /** Unread bytes of all pages together; beyond, the slowest reader is cut off. The backlogs of 32 of the slowest pages. */
    maxBufferedBytesTotal: 32 * maxBufferedBytes,
    /** Bytes of one view as sent to a page that opens it: one message, which has to fit the page's backlog. */
    maxViewBytes: Math.floor(maxBufferedBytes / 2),
    /**
     * Bytes of memory of all views, about 768 for each node besides its texts: 300,000 small nodes by default. Beyond, the
     * largest view of the subject that uses most memory ends.
     */
    maxViewBytesTotal: 32 * maxBufferedBytes,
    /**
     * Nodes a second that are read because one page opens views, in the long run. A page that goes from view to view reads
     * hundreds, a page that opens and closes views in a loop tens of thousands.
     */
    maxViewReadsPerSecond: Math.ceil(maxViewNodes / 5),
    /** Links of one subject being attached at one time: half of the seats stay for other subjects. */
    attachConcurrencyPerSubject: Math.ceil(attachConcurrency / 2),
  }
}
