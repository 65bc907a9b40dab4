/** How long a tab asks the others where Web Locks are missing; a live tab answers within a few milliseconds. */
const PROBE_MS = 200

/**
 * Holds a name against the other tabs of this origin, for as long as this page lives or until `release`.
 * "Duplicate tab" copies sessionStorage with the resume token in it; this tells the copy from the original.
 */
export class TabLock {
  #name: string | null = null
  #granted = Promise.resolve(true)
  #release: () => void = () => undefined

  /** True when this page holds the name now, false when another tab does. Never rejects. */
  acquire(name: string): Promise<boolean> {
    if (name !== this.#name) {
      this.release()
      this.#name = name
      this.#granted = this.#request(name)
    }
    return this.#granted
  }

  release(): void {
    this.#name = null
    this.#release()
  }

  #request(name: string): Promise<boolean> {
    const locks = globalThis.navigator?.locks
    if (!locks) return this.#probe(name)
    const released = new Promise<void>((resolve) => {
      this.#release = resolve
    })
    return new Promise((resolve) => {
      locks
        .request(name, { ifAvailable: true }, (lock) => {
          resolve(lock !== null)
          return lock && released
        })
        // Documents without a storage of their own may not lock: then nothing is resumed.
        .catch(() => resolve(false))
    })
  }

  /** Web Locks exist in secure contexts only. Elsewhere whoever holds the name answers for it. */
  #probe(name: string): Promise<boolean> {
    const channel = new BroadcastChannel(name)
    this.#release = () => channel.close()
    return new Promise((resolve) => {
      channel.onmessage = ({ data }) => (data === 'held' ? resolve(false) : channel.postMessage('held'))
      channel.postMessage('who holds this?')
      setTimeout(resolve, PROBE_MS, true)
    })
  }
}
