// What happened, newest first, and the same for ears: a list that grows by forty lines at once is readable, but
// not listenable, so announcements are gathered and summed up.

export type LogKind = 'state' | 'session' | 'joined' | 'left' | 'changed' | 'fault' | 'error'

/** Enough to look back over a day of a quiet room; older entries go. */
export const MAX_LOG_ENTRIES = 200
/** Long enough that a burst becomes one sentence, short enough to still be news. */
const GATHER_MS = 1_000
/** More sentences than this at once are counted instead of read out. */
const MAX_SPOKEN = 3

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

export class Log {
  #gathered: string[] = []
  #newest: { kind: LogKind; text: string; times: number; entry: HTMLLIElement } | null = null

  constructor(
    private readonly list: HTMLOListElement,
    private readonly announcer: HTMLElement,
  ) {
    // It scrolls, and Safari lets the keyboard into a scrolling box only when it can be focused.
    list.tabIndex = 0
  }

  /** What repeats the newest entry is counted there: an outage would push everything else out. */
  add(kind: LogKind, text: string): void {
    if (this.#newest?.kind === kind && this.#newest.text === text) {
      this.#newest.times += 1
      fill(this.#newest.entry, `${text} (${this.#newest.times} times)`)
      return
    }
    const entry = document.createElement('li')
    entry.dataset.kind = kind
    entry.append(document.createElement('time'), document.createElement('span'))
    fill(entry, text)
    this.#newest = { kind, text, times: 1, entry }
    this.list.prepend(entry)
    while (this.list.childElementCount > MAX_LOG_ENTRIES) this.list.lastElementChild?.remove()
    this.#announce(text)
  }

  #announce(text: string): void {
    this.#gathered.push(text)
    if (this.#gathered.length === 1) setTimeout(() => this.#speak(), GATHER_MS)
  }

  #speak(): void {
    const [latest] = this.#gathered.slice(-1)
    const earlier = this.#gathered.length - 1
    this.announcer.textContent =
      earlier < MAX_SPOKEN ? this.#gathered.join('. ') : `${latest}, and ${earlier} changes before that`
    this.#gathered = []
  }
}

function fill(entry: HTMLLIElement, text: string): void {
  const [time, words] = entry.children
  const now = new Date()
  time?.setAttribute('datetime', now.toISOString())
  time?.replaceChildren(TIME.format(now))
  words?.replaceChildren(text)
}
