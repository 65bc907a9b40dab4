// A text that the browser keeps for the page. Storage may be forbidden or full; then the text lasts as long as
// the page does, which for a name or a theme is no error worth telling.

export type TextStorage = Pick<Storage, 'getItem' | 'setItem'>

export class KeptText {
  #unkept: string | null = null

  /** `open` gives the storage; where it is forbidden, reading the global itself throws. */
  constructor(
    private readonly open: () => TextStorage,
    private readonly key: string,
  ) {}

  read(): string | null {
    try {
      return this.#unkept ?? this.open().getItem(this.key)
    } catch {
      return null
    }
  }

  write(text: string): void {
    try {
      this.open().setItem(this.key, text)
      this.#unkept = null
    } catch {
      this.#unkept = text
    }
  }
}
