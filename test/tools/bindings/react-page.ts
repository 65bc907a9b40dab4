import { act, type ReactNode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { aTaskLater } from './fake-client.js'

// React refuses act() elsewhere.
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })

const roots: Root[] = []

/** These resolve when the page is rendered, and everything that it opened and closed is settled. */
export interface ReactPage {
  render(node: ReactNode): Promise<void>
  unmount(): Promise<void>
  text(): string | null
}

/** A page with one React root. */
export function createReactPage(): ReactPage {
  const container = document.createElement('div')
  const root = createRoot(container)
  roots.push(root)
  return {
    render: (node) => settled(() => root.render(node)),
    unmount: () => settled(() => root.unmount()),
    text: () => container.textContent,
  }
}

/** Runs the action, and waits for everything that follows from it. */
export async function settled(action: () => void): Promise<void> {
  await act(async () => action())
  await act(aTaskLater)
}

/** For `afterEach`. */
export async function closeReactPages(): Promise<void> {
  await settled(() => {
    for (const root of roots.splice(0)) root.unmount()
  })
}
