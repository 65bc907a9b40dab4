// A text that the browser keeps for the page. Where storage is forbidden or full, the text lasts as long as the page, and no
// error is shown: a name or a theme is not worth one.

export type TextStorage = Pick<Storage, 'getItem' | 'setItem'>

export class KeptText {
  #unkept: string | null = null

  /** `open` returns the storage. Where storage is forbidden, reading the global itself throws. */
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
