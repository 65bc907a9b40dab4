// Announcements for screen readers. Changes of one second are gathered and summed up: a list that grows by forty lines at
// once can be read, but not listened to.

/** Long enough to gather a burst into one sentence, short enough to be news. */
const GATHER_MS = 1_000
/** Above this number, sentences are counted instead of read out. */
const MAX_SPOKEN = 3

export class Announcer {
  #gathered: string[] = []

  /** @param region a live region, such as an element with the role `status` */
  constructor(private readonly region: HTMLElement) {}

  announce(text: string): void {
    this.#gathered.push(text)
    if (this.#gathered.length === 1) setTimeout(() => this.#speak(), GATHER_MS)
  }

  #speak(): void {
    const [latest] = this.#gathered.slice(-1)
    const earlier = this.#gathered.length - 1
    this.region.textContent =
      earlier < MAX_SPOKEN ? this.#gathered.join('. ') : `${latest}, and ${earlier} changes before that`
    this.#gathered = []
  }
}
