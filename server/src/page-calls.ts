import type { Call } from 'zoogate-client/protocol'
import { refusalOf } from './access.js'
import type { Answers } from './answers.js'
import type { Identity } from './authenticate.js'
import type { Ensemble } from './ensemble.js'
import type { SessionCall } from './operations.js'
import { withChroot } from './path.js'
import type { Session } from './session.js'
import type { PageViews } from './views/index.js'

/** What a page's calls are run on. */
export interface CallTargets {
  session: Session
  views: PageViews
  /** Who the page is now. */
  token: { readonly identity: Identity }
}

/** The calls of a page: checked against its rights, run, and answered, each exactly once. */
export class PageCalls {
  readonly #ensemble: Pick<Ensemble, 'chroot' | 'limits'>
  readonly #answers: Answers
  readonly #targets: CallTargets

  constructor(ensemble: Pick<Ensemble, 'chroot' | 'limits'>, answers: Answers, targets: CallTargets) {
    this.#ensemble = ensemble
    this.#answers = answers
    this.#targets = targets
  }

  run(call: Call): void {
    const { session, views, token } = this.#targets
    const refusal = refusalOf(call, token.identity.rights, this.#ensemble.limits.maxPathLength)
    if (refusal) {
      this.#answers.refuse(call.id, refusal)
      return
    }
    if (call.op === 'openView') this.#openView(call)
    else if (call.op === 'closeView') {
      views.close(call.view)
      this.#answers.give(call.op, { type: 'reply', id: call.id, result: {} })
    } else session.call(call as SessionCall, (answer) => this.#answers.give(call.op, answer))
  }

  #openView({ id, op, path, depth, data, since }: Call & { op: 'openView' }): void {
    const { views, token } = this.#targets
    const chroot = this.#ensemble.chroot + token.identity.chroot
    const spec = { path: withChroot(chroot, path), depth: depth ?? 'children', data: data ?? false }
    const refusal = views.open(spec, since ?? null, (view) =>
      this.#answers.give(op, { type: 'reply', id, result: { view } }),
    )
    if (refusal) this.#answers.give(op, { type: 'error', id, error: { ...refusal, path } })
  }
}
