import type { SessionServices } from '../session/services.js'
import type { Subject } from '../session/subject.js'
import type { ViewReadings } from '../telemetry/metrics.js'
import { SharedView, type ViewSpec } from './shared-view.js'
import { CheckPace } from './view-check.js'
import { ViewMemory, viewsToEvict } from './view-memory.js'
import { ViewSource } from './view-source.js'

/** All views of a gateway. Pages that open the same view share one. */
export class Views {
  readonly #ensemble: SessionServices
  readonly #source: ViewSource
  readonly #memory: ViewMemory
  readonly #checkPace: CheckPace
  readonly #byKey = new Map<string, SharedView>()
  /** Subjects that show views. */
  readonly #subjects = new Set<Pick<Subject, 'views'>>()
  #lastNumber = 0

  constructor(ensemble: SessionServices) {
    this.#ensemble = ensemble
    this.#source = new ViewSource(ensemble)
    const { limits } = ensemble
    this.#memory = new ViewMemory(limits.maxViewBytesTotal, (isEnough) => this.#evict(isEnough))
    this.#checkPace = new CheckPace(limits.viewCheckMs, limits.maxViewChecksPerSecond)
  }

  /** Whether there are as many different views as the limit allows. */
  get isFull(): boolean {
    return this.#byKey.size >= this.#ensemble.limits.maxSharedViews
  }

  /** @returns the view where a page shows it already, else null */
  find(spec: ViewSpec): SharedView | null {
    return this.#byKey.get(keyOf(spec)) ?? null
  }

  /**
   * Makes a view that no page shows yet; the caller adds a page to its audience.
   * @param readsToOpen counts the requests for the first snapshot
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

  /** One more page of the subject shows the view. */
  entered(subject: Pick<Subject, 'views'>, view: number): void {
    subject.views.set(view, (subject.views.get(view) ?? 0) + 1)
    this.#subjects.add(subject)
  }

  /** Due once for each `entered`. */
  left(subject: Pick<Subject, 'views'>, view: number): void {
    const pages = (subject.views.get(view) ?? 0) - 1
    if (pages > 0) subject.views.set(view, pages)
    else subject.views.delete(view)
    if (subject.views.size === 0) this.#subjects.delete(subject)
  }

  /** A setACL has passed through this gateway. @param path the ensemble's */
  aclChanged(path: string): void {
    this.#source.aclChanged(path)
  }

  #evict(isEnough: () => boolean): void {
    const views = new Map([...this.#byKey.values()].map((view) => [view.number, view]))
    const bytes = new Map([...views].map(([number, { memory }]) => [number, memory]))
    for (const number of viewsToEvict(this.#subjects, bytes)) {
      if (isEnough()) return
      const view = views.get(number)
      // A shared view comes once for each of its subjects.
      if (!views.delete(number)) continue
      this.#ensemble.metrics.limited('maxViewBytesTotal')
      view?.evict()
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

  /** Resolves when the session of earlier views is closed, or the ensemble has not confirmed it in time. */
  closed(): Promise<void> {
    return this.#source.closed()
  }
}

function keyOf({ depth, data, path }: ViewSpec): string {
  return `${depth} ${data} ${path}`
}
