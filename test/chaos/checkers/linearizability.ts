/** One operation of a history. Times need only be comparable. */
export interface Operation<Input, Output> {
  input: Input
  /** Null: it is unknown whether it took effect; it may have done so at any time after its start, or never. */
  output: Output | null
  start: number
  /** Infinity where the output is null. */
  end: number
}

/** What a single, sequential object does. */
export interface Model<State, Input, Output> {
  initial: State
  /** The state after `input`; `impossible` where it cannot have given this output in this state. */
  step(state: State, input: Input, output: Output | null): State | typeof IMPOSSIBLE
  /** Equal for equal states, different for different ones. */
  key(state: State): string
}

export const IMPOSSIBLE = Symbol('impossible')

interface Entry {
  operation: number
  isStart: boolean
  previous: Entry | null
  next: Entry | null
  /** Of a start: the entry of its end. */
  end: Entry | null
}

/**
 * Whether some order of the operations that respects real time is one that the model can have gone through.
 *
 * The search is that of J. M. Wing and C. Gong, "Testing and Verifying Concurrent Objects" (1993), in the form of
 * G. Lowe, "Testing for linearizability" (2017): depth first over the list of starts and ends, an operation that has
 * been put into the order is lifted out of the list, and a set of operations done that was reached before with
 * the same state is not looked at again.
 *
 * @returns null, or the operation (its index) that no order reached past
 */
export function findNonLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): number | null {
  const head = entriesOf(operations)
  const done = new Done(operations.length)
  const twins = twinsOf(operations)
  const seen = new Set<string>()
  const way: { entry: Entry; before: State }[] = []
  let state = model.initial
  let furthest: Entry | null = null
  let depth = -1
  let entry = head.next
  while (entry !== null) {
    if (entry.isStart) {
      const twin = twins.get(entry.operation)
      if (twin !== undefined && !done.has(twin)) {
        entry = entry.next
        continue
      }
      const { input, output } = operations[entry.operation] as Operation<Input, Output>
      const after = model.step(state, input, output)
      if (after !== IMPOSSIBLE && isNew(seen, done.with(entry.operation), model.key(after))) {
        way.push({ entry, before: state })
        state = after
        done.add(entry.operation)
        lift(entry)
        entry = head.next
      } else {
        entry = entry.next
      }
      continue
    }
    // Everything that could come before this end has been tried.
    if (way.length > depth) {
      depth = way.length
      furthest = entry
    }
    // Only operations without an outcome are left, which may never have happened.
    if (operations[entry.operation]?.output === null) return null
    const last = way.pop()
    if (last === undefined) return furthest?.operation ?? entry.operation
    state = last.before
    done.remove(last.entry.operation)
    putBack(last.entry)
    entry = last.entry.next
  }
  return null
}

/**
 * Of operations without an outcome that asked for the same, the one that started first can stand for any other. For each
 * of them this gives the one before it, which has to be in the order already; else a history with dozens of them
 * would have astronomically many orders that all look alike.
 */
function twinsOf(operations: readonly Operation<unknown, unknown>[]): Map<number, number> {
  const twins = new Map<number, number>()
  const latest = new Map<string, number>()
  const unknown = [...operations.entries()].filter(([, { output }]) => output === null)
  for (const [index, { input }] of unknown.sort(([, a], [, b]) => a.start - b.start)) {
    const key = JSON.stringify(input)
    const before = latest.get(key)
    if (before !== undefined) twins.set(index, before)
    latest.set(key, index)
  }
  return twins
}

function isNew(seen: Set<string>, done: string, state: string): boolean {
  const key = `${done} ${state}`
  return seen.size !== seen.add(key).size
}

/** The set of operations done: all below a number, and some above it. */
class Done {
  readonly #flags: boolean[]
  #below = 0

  constructor(size: number) {
    this.#flags = new Array<boolean>(size).fill(false)
  }

  has(operation: number): boolean {
    return this.#flags[operation] === true
  }

  add(operation: number): void {
    this.#flags[operation] = true
    while (this.#flags[this.#below]) this.#below++
  }

  remove(operation: number): void {
    this.#flags[operation] = false
    this.#below = Math.min(this.#below, operation)
  }

  /** Names the set with this operation added. */
  with(operation: number): string {
    this.#flags[operation] = true
    const above: number[] = []
    let below = this.#below
    while (this.#flags[below]) below++
    for (let at = below + 1; at < this.#flags.length; at++) if (this.#flags[at]) above.push(at)
    this.#flags[operation] = false
    return `${below}:${above}`
  }
}

/** Starts and ends in the order of their times, in a list with a head of its own; at one time starts come first. */
function entriesOf(operations: readonly Operation<unknown, unknown>[]): Entry {
  const points = operations.flatMap(({ start, end }, operation) => [
    { time: start, operation, isStart: true },
    { time: end, operation, isStart: false },
  ])
  points.sort((a, b) => (a.time === b.time ? Number(b.isStart) - Number(a.isStart) : a.time - b.time))
  const head: Entry = { operation: -1, isStart: false, previous: null, next: null, end: null }
  const starts = new Map<number, Entry>()
  let last = head
  for (const { operation, isStart } of points) {
    const entry: Entry = { operation, isStart, previous: last, next: null, end: null }
    last.next = entry
    last = entry
    const start = starts.get(operation)
    if (isStart) starts.set(operation, entry)
    else if (start) start.end = entry
  }
  return head
}

function lift(start: Entry): void {
  for (const entry of [start, start.end]) {
    if (entry?.previous) entry.previous.next = entry.next
    if (entry?.next) entry.next.previous = entry.previous
  }
}

/** The reverse of `lift`, in reverse order. */
function putBack(start: Entry): void {
  for (const entry of [start.end, start]) {
    if (entry?.previous) entry.previous.next = entry
    if (entry?.next) entry.next.previous = entry
  }
}
