interface Share {
  bytes: number
  /** Largest last. */
  views: { number: number; bytes: number }[]
}

/**
 * Which views to give up first when all of them together take too much: the largest of whoever takes most. A view that
 * several holders are shown counts for each of them as its part, so that what many look at is hardly ever given up, and
 * small views of those who have few never are before large ones of those who have many.
 * @param shownTo by holder, the numbers of the views that its pages are shown
 * @param bytes by number
 */
export function* dearestViews(
  shownTo: ReadonlyMap<string, ReadonlyMap<number, unknown>>,
  bytes: ReadonlyMap<number, number>,
): Generator<number> {
  const shares = sharesOf(shownTo, bytes)
  for (;;) {
    let most: Share | undefined
    for (const share of shares) if (most === undefined || share.bytes > most.bytes) most = share
    const view = most?.views.pop()
    if (most === undefined || view === undefined) return
    most.bytes -= view.bytes
    yield view.number
  }
}

function sharesOf(
  shownTo: ReadonlyMap<string, ReadonlyMap<number, unknown>>,
  bytes: ReadonlyMap<number, number>,
): Share[] {
  const holders = new Map<number, number>()
  for (const views of shownTo.values()) {
    for (const number of views.keys()) holders.set(number, (holders.get(number) ?? 0) + 1)
  }
  return [...shownTo.values()].map((shown) => {
    const views = [...shown.keys()].map((number) => ({
      number,
      bytes: (bytes.get(number) ?? 0) / (holders.get(number) ?? 1),
    }))
    views.sort((one, other) => one.bytes - other.bytes)
    return { bytes: views.reduce((sum, view) => sum + view.bytes, 0), views }
  })
}
