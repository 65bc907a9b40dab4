/** What hears of the page's life, as far as a session cares. */
export interface PageListener {
  /** The page may have slept: clocks have to be compared. */
  woke: () => void
  /** The network is back, or the page from the back/forward cache: no reason to wait any longer. */
  returned: () => void
  /** The page is left. `cached`: it may come back from the back/forward cache as it is. */
  hidden(cached: boolean): void
}

/**
 * Listens to the page's life and returns what ends it. Where there is no page, as on a server, nothing happens.
 * Several events tell of waking up because no browser fires all of them.
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
