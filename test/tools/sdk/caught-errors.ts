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

/** Collects what Node would end the process for, until `stop`. A browser would report it as an uncaught error. */
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
