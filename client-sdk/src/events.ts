import { reportLater } from './errors.js'

/** Typed listeners. One that throws disturbs neither the others nor the one who emits. */
export class Events<Map extends object> {
  readonly #listeners = new Set<(type: keyof Map, event: never) => void>()

  /** Returns the unsubscribe; aborting `signal` unsubscribes too. */
  on<Type extends keyof Map>(
    wanted: Type,
    listener: (event: Map[Type]) => void,
    signal?: AbortSignal,
  ): () => void {
    // A function of its own, so that one listener given twice is called twice and ends separately.
    const entry = (type: keyof Map, event: never) => {
      if (type === wanted) listener(event)
    }
    const unsubscribe = () => {
      this.#listeners.delete(entry)
    }
    if (!signal?.aborted) this.#listeners.add(entry)
    signal?.addEventListener('abort', unsubscribe)
    return unsubscribe
  }

  emit<Type extends keyof Map>(type: Type, event: Map[Type]): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(type, event as never)
      } catch (error) {
        reportLater(error)
      }
    }
  }
}
