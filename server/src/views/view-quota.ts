/**
 * Counts the different views that each holder's pages are shown, so that one subject with many pages cannot take all that
 * the gateway has. A view that several pages of one holder are shown counts once.
 */
export class ViewQuota {
  readonly #most: number
  /** By holder and number of the view: to how many of the holder's pages it is shown. */
  readonly #pages = new Map<string, Map<number, number>>()

  constructor(most: number) {
    this.#most = most
  }

  /** By holder, the numbers of the views that its pages are shown. */
  get shownTo(): ReadonlyMap<string, ReadonlyMap<number, unknown>> {
    return this.#pages
  }

  /** @param view null for one that nobody is shown yet */
  isFull(holder: string, view: number | null): boolean {
    const pages = this.#pages.get(holder)
    return pages !== undefined && pages.size >= this.#most && !(view !== null && pages.has(view))
  }

  opened(holder: string, view: number): void {
    const pages = this.#pages.get(holder) ?? new Map<number, number>()
    this.#pages.set(holder, pages)
    pages.set(view, (pages.get(view) ?? 0) + 1)
  }

  /** To be called once for each `opened`. */
  closed(holder: string, view: number): void {
    const pages = this.#pages.get(holder)
    const left = (pages?.get(view) ?? 0) - 1
    if (left > 0) pages?.set(view, left)
    else pages?.delete(view)
    if (pages?.size === 0) this.#pages.delete(holder)
  }
}
