/**
 * Passes on which nodes have got another access control list, as soon as the server that views are read from knows of it
 * too. The leader is asked once at a time, however many lists change meanwhile.
 */
export class AccessNews {
  readonly #sync: (path: string, synced: () => void) => void
  readonly #tell: (path: string) => void
  /** Changed since the leader was asked last. */
  #paths = new Set<string>()
  /** What the answer that is due will stand for; null while none is. */
  #underWay: ReadonlySet<string> | null = null

  /**
   * @param sync calls back once, also where that failed: then the link is lost, and everything is read anew anyway
   * @param tell whether views that show the node still may
   */
  constructor(sync: (path: string, synced: () => void) => void, tell: (path: string) => void) {
    this.#sync = sync
    this.#tell = tell
  }

  changed(path: string): void {
    this.#paths.add(path)
    if (this.#underWay === null) this.#ask(path)
  }

  #ask(path: string): void {
    this.#underWay = this.#paths
    this.#paths = new Set()
    this.#sync(path, () => this.#synced())
  }

  #synced(): void {
    const paths = this.#underWay ?? []
    this.#underWay = null
    for (const path of paths) this.#tell(path)
    const [next] = this.#paths
    if (next !== undefined) this.#ask(next)
  }
}
