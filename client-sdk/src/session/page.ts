/** Is called at the events of a page's life that concern a session. */
export interface PageListener {
  /** The page may have slept: deadlines have to be compared with the clock. */
  woke: () => void
  /** The network is back, or the page has come back from the back/forward cache: waiting ends. */
  returned: () => void
  /** The page is left. `cached`: it may come back from the back/forward cache unchanged. */
  hidden(cached: boolean): void
}

/**
 * Listens to the page's life; returns the unsubscribe. Without a page, as on a server, nothing happens.
 * Several events stand for waking up because no browser fires all of them.
 */
export function listenToPage(listener: PageListener): () => void {
  const stop = new AbortController()
  const on = (type: string, handle: (event: PageTransitionEvent) => void, capture = false) =>
    globalThis.addEventListener?.(type, handle as (event: Event) => void, { signal: stop.signal, capture })

  // Both are events of the document: its window hears them on their way down.
  on('visibilitychange', listener.woke, true)
  on('resume', listener.woke, true)
  on('focus', listener.woke)
  on('online', listener.returned)
  on('pagehide', ({ persisted }) => listener.hidden(persisted))
  on('pageshow', ({ persisted }) => {
    if (persisted) listener.returned()
  })
  return () => stop.abort()
}
