import { vi } from 'vitest'

/** Collects the errors of microtasks; a browser would report them as uncaught errors. */
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

/** Collects, until `stop`, the errors that would end a Node process; a browser would report them as uncaught errors. */
export function catchUncaughtErrors(): { caught: unknown[]; stop: () => void } {
  const caught: unknown[] = []
  const before = process.listeners('uncaughtException')
  const collect = (error: unknown) => {
    caught.push(error)
  }
  process.removeAllListeners('uncaughtException').on('uncaughtException', collect)
  return {
    caught,
    stop() {
      process.off('uncaughtException', collect)
      for (const listener of before) process.on('uncaughtException', listener)
    },
  }
}
