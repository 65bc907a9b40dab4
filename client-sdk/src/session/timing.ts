// The times of a session's connections, in one place because they depend on each other. A file of constants without
// imports, so that the build writes the numbers into the code.

/** How long a socket may take to open: several lost SYN packets, and less than the patience of most people. */
export const OPEN_DEADLINE_MS = 10_000
/** Added to the silence that is allowed, for one slow round trip. */
export const SILENCE_MARGIN_MS = 500
/** A gateway that was heard within this time is not asked on waking. */
export const FRESH_MS = 3_000
/** How long a gateway may take to answer a page that wakes up. */
export const WAKE_ANSWER_MS = 2_000
/** How long `close()` waits for the gateway's answer. */
export const CLOSE_ANSWER_MS = 2_000
/**
 * A connection that held this long was sound: its loss resets the backoff. Less than the silence that ends a
 * connection, so that a page that slept does not wait either.
 */
export const SOUND_AFTER_MS = 2_500
/** The first wait of the backoff is at most this long: a single lost link is back before a reader notices. */
export const BACKOFF_BASE_MS = 100
/** The longest wait of the backoff: below the usual session timeouts, so that waiting alone never costs a session. */
export const BACKOFF_CAP_MS = 5_000
/** The longest delay of setTimeout; a longer one runs at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1
/** No deadline, instead of a moment in ms since the epoch. */
export const NEVER = 0
