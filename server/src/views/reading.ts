import type { ViewDepth } from 'zoogate-client/protocol'
import type { CallResult, NodeReading } from '../zookeeper/index.js'
import type { SourceReads } from './view-source.js'
import { memoryOf } from './view-tree.js'
import type { ViewedNode } from './viewed-node.js'

/** lost: the link broke, or the server's answers made no sense. */
export type ReadingProblem = 'NO_AUTH' | 'TOO_LARGE' | 'lost'

export interface ReadingOptions {
  reads: SourceReads
  /** The ensemble's path of the view. */
  root: string
  depth: ViewDepth
  /** What is known already of a node; one of which nothing is known is looked into for children. */
  known(path: string): ViewedNode | null
  knownChildren(path: string): number
  /** The nodes that are known below this one. */
  knownBelow(path: string): Iterable<string>
  maxNodes: number
  maxBytes: number
  /** Told of questions. */
  asked(count: number): void
  /** Told what takes memory until all is done: nodes that are to be read, and what was read of them. */
  took(bytes: number): void
  encode(node: NodeReading): ViewedNode
  /** Called once, when every answer is there or what is wrong is clear; not at all where the reading was stopped. */
  done(problem: ReadingProblem | null): void
}

const NO_NODE = -101
const NO_AUTH = -102

/** One batch of reads for one view: nodes that something happened to, and what turns up below new ones. */
export class Reading {
  /** What is where, by path below that of the view; null where nothing is, or nothing that may be shown. */
  readonly results = new Map<string, ViewedNode | null>()
  readonly #options: ReadingOptions
  readonly #asked = new Set<string>()
  /** In characters: never more than in bytes. */
  #length = 0
  /** Answers that are due; null when the reading is over. */
  #due: number | null = 0

  constructor(options: ReadingOptions) {
    this.#options = options
  }

  /** @param ask asks for everything that the reading starts with */
  run(ask: (reading: Reading) => void): void {
    this.#due = 1
    ask(this)
    // In a later tick where there was nothing to ask.
    process.nextTick(() => this.#answered())
  }

  /** Its answers are of no interest any more. */
  stop(): void {
    if (this.#due === null) return
    this.#due = null
    this.#options.reads.end()
  }

  /** Everything that the view shows. */
  all(): void {
    if (this.#options.depth === 'children') this.#childrenOfRoot()
    else this.node('')
  }

  /** What nobody has told of: whether a known node may still be read, and whether what is below it is what is known. */
  check(path: string): void {
    const { depth, knownChildren } = this.#options
    if (depth === 'subtree') this.node(path, ({ numChildren }) => numChildren !== knownChildren(path))
    else if (path === '') this.#childrenOfRoot()
    else this.node(path)
  }

  /** @param hasOthersBelow whether there seem to be children that are not known */
  node(path: string, hasOthersBelow: (node: NodeReading) => boolean = () => false): void {
    const { reads } = this.#options
    if (this.#asked.has(path)) return
    this.#asked.add(path)
    this.#ask<NodeReading>(
      (done) => reads.getNode(this.#absolute(path), done),
      (result) => this.#takeNode(path, result, hasOthersBelow),
    )
  }

  /** As `node` for each, but what is still to be asked is no more than its path: lists may be long, and many be read at once. */
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
    hasOthersBelow: (node: NodeReading) => boolean,
  ): void {
    const { encode, known } = this.#options
    if ('value' in result) {
      const node = encode(result.value)
      this.#put(path, node)
      const isNew = known(path)?.czxid !== node.czxid
      if (isNew || hasOthersBelow(result.value)) this.#lookBelow(path, result.value)
    } else if (result.err === NO_NODE) {
      this.results.set(path, null)
      if (path === '') this.#awaitRoot()
    } else if (path === '') this.#end('NO_AUTH')
    else this.#hide(path)
  }

  /** Too much is noticed before all of it is here: ten thousand nodes of the largest size would not fit the process. */
  #put(path: string, node: ViewedNode): void {
    const { maxBytes, took } = this.#options
    this.#length += node.json.length - (this.results.get(path)?.json.length ?? 0)
    this.results.set(path, node)
    took(node.json.length)
    if (this.#length > maxBytes) this.#end('TOO_LARGE')
  }

  /** Which children a node has; children that are not known are read. */
  children(path: string): void {
    if (this.#options.depth === 'children') this.#childrenOfRoot()
    else this.#list(path)
  }

  #childrenOfRoot(): void {
    const { reads, root, maxNodes } = this.#options
    this.#ask<{ stat: { numChildren: number } }>(
      (done) => reads.exists(root, done),
      (result) => {
        // A list that is too long is not even asked for.
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

  /** A node that is new here may have children which were there before anything was told of them. */
  #lookBelow(path: string, { numChildren, owner }: NodeReading): void {
    const { depth, reads, maxNodes } = this.#options
    if (depth === 'children') return
    if (numChildren > maxNodes) this.#end('TOO_LARGE')
    // A list is also where a one-shot watch for later children is set; ephemeral nodes have none.
    else if (numChildren > 0 || (!reads.hasLastingWatches && owner === null)) this.#list(path)
  }

  #list(path: string): void {
    const { reads, known, maxNodes } = this.#options
    this.#ask<{ children: string[] }>(
      (done) => reads.getChildren(this.#absolute(path), done),
      (result) => {
        if (!('value' in result)) {
          if (result.err === NO_AUTH && path === '') this.#end('NO_AUTH')
          return
        }
        const others: string[] = []
        for (const name of result.value.children) {
          const child = path === '' ? name : `${path}/${name}`
          // It may have come back since it was read.
          if (this.results.get(child) === null) others.push(child)
          else if (!known(child) && !this.#asked.has(child)) others.push(child)
        }
        this.#nodes(others)
        if (this.#asked.size > maxNodes + 1) this.#end('TOO_LARGE')
      },
    )
  }

  /** Lasting watches tell of a node that comes to be; a one-shot watch for it is set by asking whether it is there. */
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

  /** What is below a node that may not be read cannot be found by going down, so that it is shown to nobody. */
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
    const makesSense = result.err === 0 || result.err === NO_NODE || result.err === NO_AUTH
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
