// Shows the session as the client reports it: its state as a word and a shape, and its facts below.

import type { ClientSnapshot, SessionState } from 'zoogate-client'

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
  closed: 'You left. Your tile is gone.',
  expired: 'The ensemble ended the session.',
  auth_failed: 'The gateway did not accept the token.',
  taken_over: 'Another page holds this session now.',
  refused: 'The gateway refused this page.',
}

export class SessionPanel {
  constructor(private readonly elements: SessionElements) {}

  /** @param wallIsStale the wall shows the last known state */
  show({ state, reason, session, presumedExpired }: ClientSnapshot, wallIsStale: boolean): void {
    const { elements } = this
    elements.root.dataset.stale = String(wallIsStale || state !== 'CONNECTED')
    elements.state.dataset.state = state
    if (reason === null) delete elements.state.dataset.reason
    else elements.state.dataset.reason = reason
    elements.word.textContent = state.replace('_', ' ')
    elements.note.textContent = note(state, { reason, hasSession: session !== null, wallIsStale })
    elements.id.textContent = session?.id ?? 'none'
    elements.timeout.textContent = session ? `${session.timeoutMs} ms` : 'none'
    elements.origin.textContent = origin(state, session)
    elements.hint.hidden = !presumedExpired
    elements.hint.textContent = presumedExpired
      ? 'No link for longer than the timeout: probably expired.'
      : ''
    this.#offer(state === 'CLOSED' || state === 'NOT_CONNECTED' ? elements.rejoin : elements.leave)
  }

  /** Shows one of the two buttons, and moves the focus to it when the other button had it. */
  #offer(button: HTMLButtonElement): void {
    const { leave, rejoin } = this.elements
    const other = button === leave ? rejoin : leave
    const hadFocus = document.activeElement === other
    button.hidden = false
    other.hidden = true
    if (hadFocus) button.focus()
  }
}

function origin(state: SessionState, session: ClientSnapshot['session']): string {
  if (!session) return 'none'
  if (state === 'CLOSED') return 'ended'
  return session.resumed ? 'resumed' : 'new'
}

interface Circumstances {
  reason: string | null
  hasSession: boolean
  wallIsStale: boolean
}

function note(state: SessionState, { reason, hasSession, wallIsStale }: Circumstances): string {
  switch (state) {
    case 'CONNECTED':
      return wallIsStale ? 'Loading the wall.' : 'The wall is live.'
    case 'CONNECTING':
      return hasSession ? 'Disconnected. Showing the last known state.' : 'Dialling the gateway.'
    case 'CLOSED':
      return CLOSED_NOTES[reason ?? ''] ?? ''
    case 'NOT_CONNECTED':
      return ''
  }
}
