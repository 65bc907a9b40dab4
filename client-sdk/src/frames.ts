import type { PageMessage } from './protocol.js'

/** Gathers what is sent in one tick into one frame, and frames into what the gateway reads. */
export interface Frames {
  /** False: larger than `maxBytes`, and not sent. */
  enqueue(message: PageMessage, maxBytes: number): boolean
  flush(): void
}

export function createFrames(write: (text: string) => void): Frames {
  let texts: string[] = []
  let frameBytes = 0
  const flush = () => {
    if (texts.length > 0) write(`[${texts}]`)
    texts = []
    frameBytes = 0
  }
  return {
    enqueue(message, maxBytes) {
      const text = JSON.stringify(message)
      // The 2 are the frame's brackets; for each message after the first they stand for its comma.
      const bytes = new TextEncoder().encode(text).length + 2
      if (bytes > maxBytes) return false
      if (frameBytes + bytes > maxBytes) flush()
      if (texts.push(text) === 1) queueMicrotask(flush)
      frameBytes += bytes
      return true
    },
    flush,
  }
}
