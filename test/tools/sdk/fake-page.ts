import { vi } from 'vitest'

/** The Web Locks of one browser profile, which its tabs share. */
export class FakeLocks {
  readonly held = new Set<string>()

  /** `navigator.locks` as one tab sees it. */
  request(name: string, _options: object, callback: (lock: object | null) => unknown): Promise<unknown> {
    const free = !this.held.has(name)
    if (free) this.held.add(name)
    const done = Promise.resolve(callback(free ? {} : null))
    return done.finally(() => free && this.held.delete(name))
  }
}

/** A page with the globals that the SDK uses; two pages may share locks, or a copied storage. */
export class FakePage {
  readonly window = new EventTarget()
  readonly document = new EventTarget()
  readonly stored: Map<string, string>

  constructor(
    readonly locks: FakeLocks | undefined = new FakeLocks(),
    stored: Map<string, string> = new Map(),
  ) {
    this.stored = stored
  }

  /** Makes this page the one in which code runs. */
  enter(): this {
    vi.stubGlobal('addEventListener', (...listening: Parameters<EventTarget['addEventListener']>) => {
      this.window.addEventListener(...listening)
      // An event of the document passes its window first, where capturing listeners get it.
      const options = listening[2]
      if (typeof options === 'object' && options.capture) this.document.addEventListener(...listening)
    })
    vi.stubGlobal('document', this.document)
    vi.stubGlobal('navigator', { locks: this.locks })
    vi.stubGlobal('sessionStorage', {
      getItem: (key: string) => this.stored.get(key) ?? null,
      setItem: (key: string, value: string) => this.stored.set(key, value),
      removeItem: (key: string) => this.stored.delete(key),
    })
    return this
  }

  /** The result of "Duplicate tab": a copy of the storage, in the same profile. */
  duplicate(): FakePage {
    return new FakePage(this.locks, new Map(this.stored))
  }

  /** The same tab after a reload: the page's locks are gone, its storage stays. */
  async reload(): Promise<FakePage> {
    this.hide(false)
    await vi.advanceTimersByTimeAsync(0)
    return new FakePage(this.locks, this.stored)
  }

  hide(persisted: boolean): void {
    this.window.dispatchEvent(Object.assign(new Event('pagehide'), { persisted }))
  }

  show(persisted: boolean): void {
    this.window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted }))
  }

  dispatch(target: 'window' | 'document', type: string): void {
    this[target].dispatchEvent(new Event(type))
  }

  get entry(): unknown {
    const [text] = this.stored.values()
    return text === undefined ? null : JSON.parse(text)
  }
}
