/**
 * Takes a name against the other tabs of this origin, for as long as this page lives or until the function that it
 * gives is called. Null: another tab holds the name, or the document may not lock. Never rejects.
 * "Duplicate tab" copies sessionStorage with the resume token in it; this tells the copy from the original.
 */
export function lockForTab(name: string): Promise<(() => void) | null> {
  return new Promise((resolve) => {
    navigator.locks
      .request(name, { ifAvailable: true }, (lock) =>
        lock ? new Promise<void>((release) => resolve(release)) : resolve(null),
      )
      .catch(() => resolve(null))
  })
}
