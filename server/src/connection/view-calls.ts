import type { Call } from 'zoogate-client/protocol'
import { needOfView } from '../access/access.js'
import type { Rights } from '../access/rights.js'
import type { Answer, SessionCall } from '../session/operations.js'
import type { Subject } from '../session/subject.js'
import { PageViews, type PageViewsOptions } from '../views/page-views.js'
import type { Views } from '../views/views.js'
import { withChroot, withoutChroot } from '../wire/path.js'

export type ViewCall = Extract<Call, { op: 'openView' | 'closeView' }>

export interface ViewCallsOptions extends PageViewsOptions {
  subject: Subject
}

/** What one page's calls mean for views. Pages name nodes below their chroot, views by the ensemble's path. */
export class ViewCalls {
  readonly #shared: Views
  readonly #open: PageViews
  readonly #chroot: string

  constructor(options: ViewCallsOptions) {
    this.#shared = options.views
    this.#open = new PageViews(options)
    this.#chroot = options.subject.chroot
  }

  /** @param answer called once, before the first message of a view */
  call(call: ViewCall, answer: (answer: Answer) => void): void {
    const { id } = call
    if (call.op === 'closeView') {
      this.#open.close(call.view)
      answer({ type: 'reply', id, result: {} })
      return
    }
    const { path, depth, data, since } = call
    const spec = {
      path: withChroot(this.#chroot, path),
      depth: depth ?? 'children',
      data: data ?? false,
    } as const
    const refusal = this.#open.open(spec, since ?? null, (view) =>
      answer({ type: 'reply', id, result: { view } }),
    )
    if (refusal) answer({ type: 'error', id, error: { ...refusal, path } })
  }

  /** The ensemble has answered: what has become of lists of access it tells to nobody else. */
  sessionAnswered(call: SessionCall, answer: Answer): void {
    if (call.op !== 'setACL') return
    const mayHaveChanged = answer.type === 'reply' || answer.error.outcome === 'unknown'
    if (mayHaveChanged) this.#shared.aclChanged(withChroot(this.#chroot, call.path))
  }

  /** Ends the views that the page may not have any more. */
  endForbidden(rights: Rights): void {
    this.#open.endWhere(
      ({ path, depth }) => !rights.allows(needOfView({ path: withoutChroot(this.#chroot, path), depth })),
    )
  }

  /** The page has read everything that it was sent. */
  drained(): void {
    this.#open.drained()
  }

  /** The page is gone. */
  closeAll(): void {
    this.#open.closeAll()
  }
}
