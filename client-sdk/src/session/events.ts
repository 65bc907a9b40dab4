/** Typed listeners. A listener that throws becomes an uncaught error, and disturbs neither the others nor the emitter. */
export interface Events<Map extends object> {
  /** Returns the unsubscribe; aborting `signal` unsubscribes too. */
  on<Type extends keyof Map & string>(
    type: Type,
    listener: (event: Map[Type]) => void,
    options?: { signal?: AbortSignal },
  ): () => void
  emit<Type extends keyof Map & string>(type: Type, event: Map[Type]): void
}

export function createEvents<Map extends object>(): Events<Map> {
  const target = new EventTarget()
  return {
    on(type, listener, options) {
      // A function of its own, so that one listener given twice is called twice and ends separately.
      const handle = (event: Event) => listener((event as CustomEvent).detail)
      target.addEventListener(type, handle, options)
      return () => target.removeEventListener(type, handle)
    },
    emit(type, detail) {
      target.dispatchEvent(new CustomEvent(type, { detail }))
    },
  }
}
