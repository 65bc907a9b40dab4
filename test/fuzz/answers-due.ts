/** How many answers each id wants at least and gets at most. */
export interface AnswersDue {
  least: Map<number, number>
  most: Map<number, number>
}

export function noAnswersDue(): AnswersDue {
  return { least: new Map(), most: new Map() }
}

/**
 * Adds what a page may expect for one frame: each call with a usable id is answered once. Whatever else has such an id may
 * get an error with it. Written against PROTOCOL.md, and shares no code with the gateway.
 */
export function addAnswersDue(due: AnswersDue, text: string): void {
  let frame: unknown
  try {
    frame = JSON.parse(text)
  } catch {
    return // unreadable: the connection ends
  }
  for (const message of Array.isArray(frame) ? frame : [frame]) {
    if (typeof message !== 'object' || message === null) continue
    const { type, id } = message as { type?: unknown; id?: unknown }
    if (!Number.isSafeInteger(id) || (id as number) < 0) continue
    add(due.most, id as number)
    if (type === 'call') add(due.least, id as number)
  }
}

export function add(counts: Map<number, number>, id: number): void {
  counts.set(id, (counts.get(id) ?? 0) + 1)
}
