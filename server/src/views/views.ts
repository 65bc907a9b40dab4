import type { Ensemble } from '../ensemble.js'
import type { ViewReadings } from '../metrics.js'
import { SharedView, type ViewSpec } from './shared-view.js'
import { ViewQuota } from './view-quota.js'
import { ViewSource } from './view-source.js'

/** All views that a gateway shows. Pages that ask for the same are shown the same one. */
export class Views {
  readonly #ensemble: Ensemble
  readonly #source: ViewSource
  readonly #byKey = new Map<string, SharedView>()
  /** Of those who are shown views. */
  readonly quota: ViewQuota
  #lastNumber = 0

  constructor(ensemble: Ensemble) {
    this.#ensemble = ensemble
    this.#source = new ViewSource(ensemble)
    this.quota = new ViewQuota(ensemble.limits.maxSharedViewsPerSubject)
  }

  /** Whether there are as many different ones as there may be. */
  get isFull(): boolean {
    return this.#byKey.size >= this.#ensemble.limits.maxSharedViews
  }

  /** The view, where somebody is shown it already. Whoever asks adds itself to its audience. */
  find(spec: ViewSpec): SharedView | null {
    return this.#byKey.get(keyOf(spec)) ?? null
  }

  /** One that nobody is shown yet. */
  make(spec: ViewSpec): SharedView {
    const key = keyOf(spec)
    this.#lastNumber += 1
    const view = new SharedView(this.#lastNumber, spec, this.#ensemble, this.#source, () =>
      this.#byKey.delete(key),
    )
    this.#byKey.set(key, view)
    this.#source.add(view)
    return view
  }

  /** A page of this gateway has given a node another access control list. @param path the ensemble's */
  accessChanged(path: string): void {
    this.#source.accessChanged(path)
  }

  readings(): ViewReadings {
    const readings = {
      views: this.#byKey.size,
      subscribers: 0,
      slow: 0,
      nodes: 0,
      watches: this.#source.watchCount,
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
