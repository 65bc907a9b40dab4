// Watches as their user means them: each is independent of the others, and no kind replaces another.

export type WatchStep =
  | { do: 'exists' | 'getData' | 'getChildren'; path: string }
  | { do: 'addWatch' | 'removeWatch'; path: string; recursive: boolean }
export type ChangeStep = { do: 'create' | 'set' | 'delete'; path: string }

const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/'))

export class WatchModel {
  readonly #nodes: Set<string>
  readonly #oneShot = { node: new Set<string>(), children: new Set<string>() }
  readonly #lasting = { persistent: new Set<string>(), recursive: new Set<string>() }

  constructor(nodes: string[]) {
    this.#nodes = new Set(nodes)
  }

  watch(step: WatchStep): void {
    const { path } = step
    if (step.do === 'addWatch') this.#lasting[step.recursive ? 'recursive' : 'persistent'].add(path)
    else if (step.do === 'removeWatch')
      this.#lasting[step.recursive ? 'recursive' : 'persistent'].delete(path)
    else if (step.do === 'exists') this.#oneShot.node.add(path)
    else if (this.#nodes.has(path)) this.#oneShot[step.do === 'getData' ? 'node' : 'children'].add(path)
  }

  /** Whether this change can be made now. */
  allows({ do: change, path }: ChangeStep): boolean {
    if (change === 'create') return !this.#nodes.has(path) && this.#nodes.has(parentOf(path))
    const hasChildren = [...this.#nodes].some((node) => parentOf(node) === path)
    return this.#nodes.has(path) && !(change === 'delete' && hasChildren)
  }

  /** Makes the change, and gives the events that it must cause. */
  change({ do: change, path }: ChangeStep): string[] {
    if (change === 'create') this.#nodes.add(path)
    if (change === 'delete') this.#nodes.delete(path)
    const event = { create: 'NodeCreated', set: 'NodeDataChanged', delete: 'NodeDeleted' }[change]
    const heard = this.#heardAt(path, change === 'delete') ? [`${event} ${path}`] : []
    return change === 'set' ? heard : [...heard, ...this.#childrenChanged(parentOf(path))]
  }

  #heardAt(path: string, deleted: boolean): boolean {
    const { persistent, recursive } = this.#lasting
    const above = [...recursive].some((root) => path === root || path.startsWith(`${root}/`))
    const oneShot = this.#oneShot.node.delete(path)
    const children = deleted && this.#oneShot.children.delete(path)
    return oneShot || children || persistent.has(path) || above
  }

  #childrenChanged(path: string): string[] {
    const oneShot = this.#oneShot.children.delete(path)
    return oneShot || this.#lasting.persistent.has(path) ? [`NodeChildrenChanged ${path}`] : []
  }
}
