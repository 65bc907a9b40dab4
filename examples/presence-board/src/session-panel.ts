// The session, as the client reports it: the state as a word and a shape, and the facts below it.

import type { SessionState } from './room-client.js'

export interface SessionView {
  state: SessionState
  /** Why the session is CLOSED. */
  reason: string | null
  /** The newest session, which may have ended; null before the first. */
  session: { readonly id: string; readonly timeoutMs: number; readonly resumed: boolean } | null
  /** The session's time has passed while the link was down; only the ensemble knows whether it has expired. */
  presumedExpired: boolean
}

interface SessionElements {
  root: HTMLElement
  state: HTMLElement
  word: HTMLElement
  note: HTMLElement
  id: HTMLElement
  timeout: HTMLElement
  origin: HTMLElement
  hint: HTMLElement
  leave: HTMLButtonElement
  rejoin: HTMLButtonElement
}

const CLOSED_NOTES: Readonly<Record<string, string>> = {
  closed: 'You left, and your tile with you.',
  expired: 'The ensemble ended the session.',
  auth_failed: 'The gateway did not accept the token.',
  taken_over: 'Another page holds this session now.',
  refused: 'The gateway refused this page.',
}

export class SessionPanel {
  constructor(private readonly elements: SessionElements) {}

  show({ state, reason, session, presumedExpired }: SessionView): void {
    const { elements } = this
    elements.root.dataset.stale = String(state !== 'CONNECTED')
    elements.state.dataset.state = state
    if (reason === null) delete elements.state.dataset.reason
    else elements.state.dataset.reason = reason
    elements.word.textContent = state.replace('_', ' ')
    elements.note.textContent = note(state, reason, session !== null)
    elements.id.textContent = session?.id ?? 'none'
    elements.timeout.textContent = session ? `${session.timeoutMs} ms` : 'none'
    elements.origin.textContent = origin(state, session)
    elements.hint.hidden = !presumedExpired
    elements.hint.textContent = presumedExpired ? 'Longer away than the timeout: probably expired.' : ''
    this.#offer(state === 'CLOSED' || state === 'NOT_CONNECTED' ? elements.rejoin : elements.leave)
  }

  /** Shows the button that makes sense now, and hands the focus on when the other one had it. */
  #offer(button: HTMLButtonElement): void {
    const { leave, rejoin } = this.elements
    const other = button === leave ? rejoin : leave
    const hadFocus = document.activeElement === other
    button.hidden = false
    other.hidden = true
    if (hadFocus) button.focus()
  }
}

function origin(state: SessionState, session: SessionView['session']): string {
  if (!session) return 'none'
  if (state === 'CLOSED') return 'ended'
  return session.resumed ? 'resumed' : 'new'
}

function note(state: SessionState, reason: string | null, hasSession: boolean): string {
  switch (state) {
    case 'CONNECTED':
      return 'The wall is live.'
    case 'CONNECTING':
      return hasSession ? 'No link: this is how it was.' : 'Looking for the gateway.'
    case 'CLOSED':
      return CLOSED_NOTES[reason ?? ''] ?? ''
    case 'NOT_CONNECTED':
      return ''
  }
}
