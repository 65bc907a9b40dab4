import type { Ensemble } from '../ensemble.js'
import type { ViewReadings } from '../metrics.js'
import { SharedView, type ViewSpec } from './shared-view.js'
import { ViewSource } from './view-source.js'

/** All views that a gateway shows. Pages that ask for the same are shown the same one. */
export class Views {
  readonly #ensemble: Ensemble
  readonly #source: ViewSource
  readonly #byKey = new Map<string, SharedView>()
  #lastNumber = 0

  constructor(ensemble: Ensemble) {
    this.#ensemble = ensemble
    this.#source = new ViewSource(ensemble)
  }

  /** The view, made where there is none; null where there are too many. Whoever asks adds itself to its audience. */
  find(spec: ViewSpec): SharedView | null {
    const key = `${spec.depth} ${spec.data} ${spec.path}`
    const found = this.#byKey.get(key)
    if (found) return found
    if (this.#byKey.size >= this.#ensemble.limits.maxSharedViews) return null
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
