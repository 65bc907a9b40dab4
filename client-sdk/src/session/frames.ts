import type { PageMessage } from '../protocol.js'

/** The number of messages in one frame that every gateway accepts. */
const MAX_MESSAGES = 1_000

/** Gathers the messages of one tick into frames that the gateway accepts. */
export interface Frames {
  /** False: the message is larger than `maxBytes`, and is not sent. */
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
      // 2 for the frame's brackets; for each later message they cover its comma.
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
