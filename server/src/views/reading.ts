import type { ViewDepth } from 'zoogate-client/protocol'
import { type CallResult, ERR, type NodeReading } from '../zookeeper/index.js'
import type { SourceReads } from './view-source.js'
import { memoryOf, type ViewedNode } from './view-tree.js'

/** lost: the link broke, or the server's replies made no sense. */
export type ReadingProblem = 'NO_AUTH' | 'TOO_LARGE' | 'lost'

export interface ReadingOptions {
  reads: SourceReads
  /** The ensemble's path of the view. */
  root: string
  depth: ViewDepth
  /** The node as the view has it; the reading lists the children of a node that the view does not have. */
  known(path: string): ViewedNode | null
  knownChildren(path: string): number
  /** The paths below this one that the view has. */
  knownBelow(path: string): Iterable<string>
  maxNodes: number
  maxBytes: number
  /** Counts requests. */
  asked(count: number): void
  /** Counts memory that is needed until the reading is done: nodes to be read, and nodes that were read. */
  took(bytes: number): void
  encode(node: NodeReading): ViewedNode
  /** Called once, when every reply is there or a problem is certain; not after `stop`. */
  done(problem: ReadingProblem | null): void
}

/** One batch of reads for one view: nodes that events have named, and everything below new nodes. */
export class Reading {
  /** The nodes that were read, by path below that of the view; null where there is none, or none that may be shown. */
  readonly results = new Map<string, ViewedNode | null>()
  readonly #options: ReadingOptions
  readonly #asked = new Set<string>()
  /** Characters of JSON in the results: never more than its bytes. */
  #length = 0
  /** Replies that are due; null when the reading is over. */
  #due: number | null = 0

  constructor(options: ReadingOptions) {
    this.#options = options
  }

  /** @param start asks for everything that the reading begins with */
  run(start: (reading: Reading) => void): void {
    this.#due = 1
    start(this)
    // In a later tick, also where nothing was asked.
    process.nextTick(() => this.#answered())
  }

  /** Drops the replies that are due. */
  stop(): void {
    if (this.#due === null) return
    this.#due = null
    this.#options.reads.end()
  }

  /** The whole view. */
  all(): void {
    if (this.#options.depth === 'children') this.#childrenOfRoot()
    else this.node('')
  }

  /** Finds changes that have no event: whether a node may still be read, and whether its children are the known ones. */
  check(path: string): void {
    const { depth, knownChildren } = this.#options
    if (depth === 'subtree') this.node(path, ({ numChildren }) => numChildren !== knownChildren(path))
    else if (path === '') this.#childrenOfRoot()
    else this.node(path)
  }

  /** @param hasUnknownChildren whether to list the children of a node that the view has */
  node(path: string, hasUnknownChildren: (node: NodeReading) => boolean = () => false): void {
    const { reads } = this.#options
    if (this.#asked.has(path)) return
    this.#asked.add(path)
    this.#ask<NodeReading>(
      (done) => reads.getNode(this.#absolute(path), done),
      (result) => this.#takeNode(path, result, hasUnknownChildren),
    )
  }

  /** As `node` for each, but a read that waits costs no more than its path: lists are long, and many are read at once. */
  #nodes(paths: readonly string[]): void {
    if (this.#due === null) return
    const { reads, asked, took } = this.#options
    for (const path of paths) this.#asked.add(path)
    this.#due += paths.length
    asked(paths.length)
    took(paths.reduce((sum, path) => sum + memoryOf(path), 0))
    let at = 0
    reads.getNodes(paths.length, (get) => {
      const path = paths[at] as string
      at += 1
      get(this.#absolute(path), (result) =>
        this.#receive(result, (result) => this.#takeNode(path, result, () => false)),
      )
    })
  }

  #takeNode(
    path: string,
    result: CallResult<NodeReading>,
    hasUnknownChildren: (node: NodeReading) => boolean,
  ): void {
    const { encode, known } = this.#options
    if ('value' in result) {
      const node = encode(result.value)
      this.#put(path, node)
      const isNew = known(path)?.czxid !== node.czxid
      if (isNew || hasUnknownChildren(result.value)) this.#lookBelow(path, result.value)
    } else if (result.err === ERR.NO_NODE) {
      this.results.set(path, null)
      if (path === '') this.#awaitRoot()
    } else if (path === '') this.#end('NO_AUTH')
    else this.#hide(path)
  }

  /** Ends a reading that is too large before all of it has arrived: ten thousand nodes of the largest size would not fit the process. */
  #put(path: string, node: ViewedNode): void {
    const { maxBytes, took } = this.#options
    this.#length += node.json.length - (this.results.get(path)?.json.length ?? 0)
    this.results.set(path, node)
    took(node.json.length)
    if (this.#length > maxBytes) this.#end('TOO_LARGE')
  }

  /** Lists the children of a node, and reads the ones that the view does not have. */
  children(path: string): void {
    if (this.#options.depth === 'children') this.#childrenOfRoot()
    else this.#list(path)
  }

  #childrenOfRoot(): void {
    const { reads, root, maxNodes } = this.#options
    this.#ask<{ stat: { numChildren: number } }>(
      (done) => reads.exists(root, done),
      (result) => {
        // A list that is too long would cost the server and the link for nothing.
        if (!('value' in result)) return
        if (result.value.stat.numChildren > maxNodes) this.#end('TOO_LARGE')
        else this.#list('')
      },
    )
  }

  sync(synced: () => void): void {
    const { reads, root } = this.#options
    this.#ask(
      (done) => reads.sync(root, done),
      () => synced(),
    )
  }

  /** A node that is new to the view may have children that no event names. */
  #lookBelow(path: string, { numChildren, owner }: NodeReading): void {
    const { depth, reads, maxNodes } = this.#options
    if (depth === 'children') return
    if (numChildren > maxNodes) this.#end('TOO_LARGE')
    // Listing also sets the one-shot watch for later children; ephemeral nodes have none.
    else if (numChildren > 0 || (!reads.hasLastingWatches && owner === null)) this.#list(path)
  }

  #list(path: string): void {
    const { reads, known, maxNodes } = this.#options
    this.#ask<{ children: string[] }>(
      (done) => reads.getChildren(this.#absolute(path), done),
      (result) => {
        if (!('value' in result)) {
          if (result.err === ERR.NO_AUTH && path === '') this.#end('NO_AUTH')
          return
        }
        const others: string[] = []
        for (const name of result.value.children) {
          const child = path === '' ? name : `${path}/${name}`
          // A node that was gone may have come back since it was read.
          if (this.results.get(child) === null) others.push(child)
          else if (!known(child) && !this.#asked.has(child)) others.push(child)
        }
        this.#nodes(others)
        if (this.#asked.size > maxNodes + 1) this.#end('TOO_LARGE')
      },
    )
  }

  /** A lasting watch also covers a node that does not exist; `exists` sets a one-shot watch for it. */
  #awaitRoot(): void {
    const { reads, root } = this.#options
    if (reads.hasLastingWatches) return
    this.#ask(
      (done) => reads.exists(root, done),
      (result) => {
        if (!('value' in result)) return
        this.#asked.delete('')
        this.node('')
      },
    )
  }

  /** A view that begins later cannot find the nodes below a node that it may not read, so that no view shows them. */
  #hide(path: string): void {
    this.results.set(path, null)
    const { known, knownBelow } = this.#options
    if (known(path)) for (const other of knownBelow(path)) this.results.set(other, null)
  }

  #ask<T>(
    start: (done: (result: CallResult<T>) => void) => void,
    take: (result: CallResult<T>) => void,
  ): void {
    if (this.#due === null) return
    this.#due += 1
    this.#options.asked(1)
    start((result) => this.#receive(result, take))
  }

  #receive<T>(result: CallResult<T>, take: (result: CallResult<T>) => void): void {
    if (this.#due === null) return
    const makesSense = result.err === 0 || result.err === ERR.NO_NODE || result.err === ERR.NO_AUTH
    if (!makesSense || result.zxid === null) {
      this.#end('lost')
      return
    }
    take(result)
    this.#answered()
  }

  #answered(): void {
    if (this.#due === null) return
    this.#due -= 1
    if (this.#due === 0) this.#end(null)
  }

  #end(problem: ReadingProblem | null): void {
    if (this.#due === null) return
    this.stop()
    this.#options.done(problem)
  }

  #absolute(path: string): string {
    const { root } = this.#options
    if (path === '') return root
    return root === '/' ? `/${path}` : `${root}/${path}`
  }
}
