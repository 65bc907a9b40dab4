// A button for each fault. A disabled button stays focusable, so that the keyboard keeps its place.

import type { Fault } from './faults.js'

interface FaultPanelElements {
  panel: HTMLDetailsElement
  list: HTMLElement
}

/** asked: the server has not replied yet, and a second click does nothing. */
type FaultState = 'ready' | 'asked' | 'going-on'

interface FaultButton {
  readonly fault: Fault
  readonly element: HTMLButtonElement
  state: FaultState
}

/** In a lower window an open panel leaves no room for the log, which shows the effect of a fault. */
const LOWEST_OPEN_PX = 860

export class FaultPanel {
  readonly #buttons: readonly FaultButton[]
  #connected = false

  /** @param cause resolves to true when the fault has begun */
  constructor(
    { panel, list }: FaultPanelElements,
    faults: readonly Fault[],
    private readonly cause: (fault: Fault) => Promise<boolean>,
  ) {
    this.#buttons = faults.map((fault) => ({ fault, element: drawButton(fault), state: 'ready' }))
    for (const button of this.#buttons) {
      button.element.addEventListener('click', () => void this.#press(button))
      const item = document.createElement('li')
      item.append(button.element)
      list.append(item)
    }
    this.#show()
    panel.open = innerHeight >= LOWEST_OPEN_PX
    panel.hidden = false
  }

  /** Faults need a connected session: on a broken one they would show nothing. */
  setConnected(connected: boolean): void {
    this.#connected = connected
    this.#show()
  }

  async #press(button: FaultButton): Promise<void> {
    if (!this.#isPressable(button)) return
    this.#enter(button, 'asked')
    const begun = await this.cause(button.fault)
    const { lastsMs } = button.fault
    this.#enter(button, begun && lastsMs > 0 ? 'going-on' : 'ready')
    if (button.state === 'going-on') setTimeout(() => this.#enter(button, 'ready'), lastsMs)
  }

  #enter(button: FaultButton, state: FaultState): void {
    button.state = state
    this.#show()
  }

  #isPressable({ state }: FaultButton): boolean {
    return this.#connected && state === 'ready'
  }

  #show(): void {
    for (const button of this.#buttons) {
      button.element.ariaDisabled = String(!this.#isPressable(button))
      button.element.dataset.fault = button.state
    }
  }
}

function drawButton({ name, title, watchFor, lastsMs }: Fault): HTMLButtonElement {
  const button = document.createElement('button')
  button.type = 'button'
  button.id = `fault-${name}`
  button.className = 'fault'
  button.style.setProperty('--lasts', `${lastsMs}ms`)
  button.append(
    part('fault-title', title),
    part('fault-lasts', lastsMs > 0 ? `${lastsMs / 1000} s` : ''),
    part('fault-watch', watchFor),
  )
  return button
}

function part(className: string, text: string): HTMLElement {
  const span = document.createElement('span')
  span.className = className
  span.textContent = text
  return span
}
