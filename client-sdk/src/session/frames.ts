import type { PageMessage } from '../protocol.js'

/** Messages of one frame that every gateway takes. */
const MAX_MESSAGES = 1_000

/** Gathers what is sent in one tick into frames that the gateway reads. */
export interface Frames {
  /** False: larger than `maxBytes`, and not sent. */
  enqueue(message: PageMessage, maxBytes: number): boolean
  flush(): void
}

export function createFrames(write: (text: string) => void): Frames {
  let texts: string[] = []
  let frameBytes = 0
  const flush = () => {
    if (texts[0]) write(`[${texts}]`)
    texts = []
    frameBytes = 0
  }
  return {
    enqueue(message, maxBytes) {
      const text = JSON.stringify(message)
      // The 2 are the frame's brackets; for each message after the first they stand for its comma.
      const bytes = new TextEncoder().encode(text).length + 2
      if (bytes > maxBytes) return false
      if (frameBytes + bytes > maxBytes || texts.length >= MAX_MESSAGES) flush()
      if (texts.push(text) === 1) queueMicrotask(flush)
      frameBytes += bytes
      return true
    },
    flush,
  }
}
