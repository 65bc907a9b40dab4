import type { SessionServices } from '../session/services.js'
import type { ViewReadings } from '../telemetry/metrics.js'
import { CheckPace } from './check-pace.js'
import { dearestViews } from './dearest-views.js'
import { SharedView, type ViewSpec } from './shared-view.js'
import { ViewMemory } from './view-memory.js'
import { ViewQuota } from './view-quota.js'
import { ViewSource } from './view-source.js'

/** All views that a gateway shows. Pages that ask for the same are shown the same one. */
export class Views {
  readonly #ensemble: SessionServices
  readonly #source: ViewSource
  readonly #memory: ViewMemory
  readonly #checkPace: CheckPace
  readonly #byKey = new Map<string, SharedView>()
  /** Of those who are shown views. */
  readonly quota: ViewQuota
  #lastNumber = 0

  constructor(ensemble: SessionServices) {
    this.#ensemble = ensemble
    this.#source = new ViewSource(ensemble)
    const { limits } = ensemble
    this.#memory = new ViewMemory(limits.maxViewBytesTotal, (isEnough) => this.#giveUp(isEnough))
    this.#checkPace = new CheckPace(limits.viewCheckMs, limits.maxViewChecksPerSecond)
    this.quota = new ViewQuota(limits.maxSharedViewsPerSubject)
  }

  /** Whether there are as many different ones as there may be. */
  get isFull(): boolean {
    return this.#byKey.size >= this.#ensemble.limits.maxSharedViews
  }

  /** The view, where somebody is shown it already. Whoever asks adds itself to its audience. */
  find(spec: ViewSpec): SharedView | null {
    return this.#byKey.get(keyOf(spec)) ?? null
  }

  /**
   * One that nobody is shown yet.
   * @param readsToOpen told of the questions that its first reading asks
   */
  make(spec: ViewSpec, readsToOpen: (count: number) => void): SharedView {
    const key = keyOf(spec)
    this.#lastNumber += 1
    const view = new SharedView(this.#lastNumber, spec, this.#ensemble, this.#source, {
      checkPace: this.#checkPace,
      holds: (bytes) => this.#memory.hold(bytes),
      readsToOpen,
      ended: () => this.#byKey.delete(key),
    })
    this.#byKey.set(key, view)
    this.#source.add(view)
    return view
  }

  /** A page of this gateway has given a node another access control list. @param path the ensemble's */
  accessChanged(path: string): void {
    this.#source.accessChanged(path)
  }

  #giveUp(isEnough: () => boolean): void {
    const views = new Map([...this.#byKey.values()].map((view) => [view.number, view]))
    const bytes = new Map([...views].map(([number, { memory }]) => [number, memory]))
    for (const number of dearestViews(this.quota.shownTo, bytes)) {
      if (isEnough()) return
      const view = views.get(number)
      // Named once for each holder.
      if (!views.delete(number)) continue
      this.#ensemble.metrics.limited('maxViewBytesTotal')
      view?.giveUp()
    }
  }

  readings(): ViewReadings {
    const readings = {
      views: this.#byKey.size,
      subscribers: 0,
      slow: 0,
      nodes: 0,
      watches: this.#source.watchCount,
      bytes: this.#memory.bytes,
    }
    for (const { audience, nodeCount } of this.#byKey.values()) {
      readings.subscribers += audience.size
      readings.slow += audience.slowCount
      readings.nodes += nodeCount
    }
    return readings
  }

  /** Resolves when the session of views that are not shown any more is closed, or its end not confirmed in time. */
  closed(): Promise<void> {
    return this.#source.closed()
  }
}

function keyOf({ depth, data, path }: ViewSpec): string {
  return `${depth} ${data} ${path}`
}
