import { vi } from 'vitest'

/** Collects what microtasks throw, which a browser would report as uncaught errors. */
export function catchMicrotaskErrors(): unknown[] {
  const caught: unknown[] = []
  const queue = globalThis.queueMicrotask
  vi.stubGlobal('queueMicrotask', (task: () => void) =>
    queue(() => {
      try {
        task()
      } catch (error) {
        caught.push(error)
      }
    }),
  )
  return caught
}
