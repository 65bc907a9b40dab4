import type { Call } from 'zoogate-client/protocol'
import { refusalOf } from '../access/access.js'
import type { Identity } from '../access/authenticate.js'
import type { Limits } from '../limits/limits.js'
import type { Answer } from '../session/operations.js'
import type { Session } from '../session/session.js'
import type { PageViews } from '../views/page-views.js'
import type { Answers } from './answers.js'

/** What a page's calls are run on. */
export interface CallTargets {
  session: Session
  views: PageViews
  /** Who the page is now. */
  token: { readonly identity: Identity }
}

/** The calls of a page: checked against its rights, run, and answered, each exactly once. */
export class PageCalls {
  readonly #limits: Pick<Limits, 'maxPathLength'>
  readonly #answers: Answers
  readonly #targets: CallTargets

  constructor(limits: Pick<Limits, 'maxPathLength'>, answers: Answers, targets: CallTargets) {
    this.#limits = limits
    this.#answers = answers
    this.#targets = targets
  }

  run(call: Call): void {
    const { session, views, token } = this.#targets
    const refusal = refusalOf(call, token.identity.rights, this.#limits.maxPathLength)
    if (refusal) {
      this.#answers.refuse(call.id, refusal)
      return
    }
    const answered = (answer: Answer) => this.#answers.give(call.op, answer)
    if (call.op === 'openView' || call.op === 'closeView') views.call(call, answered)
    else {
      session.call(call, (answer) => {
        answered(answer)
        views.sessionAnswered(call, answer)
      })
    }
  }
}
