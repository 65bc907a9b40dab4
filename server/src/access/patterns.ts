import { pathProblem } from '../wire/path.js'

// A pattern is a path below the chroot. `*` stands for any text inside one part, also none; `**` at the end for any number of
// parts, also none; `${claim}` for a claim of the token. The value of a claim is text, never a pattern.
//
// The names of one page must never be names of another. With `${sub}:*` the names of ada are `ada:…`, which would include the
// names of a subject `ada:x`. So the character that separates a variable from the next variable or `*` is forbidden in its
// value.

const MAX_PATTERN_LENGTH = 1024

const TOKEN = /\$\{(?<variable>[^{}]+)\}|(?<star>\*)|(?<slash>\/)|(?<text>[^/*$]+|\$(?!\{))/gy

type Piece =
  | { kind: 'text'; text: string }
  | { kind: 'star' }
  /** `separator`: the character that is forbidden in its value; null when nothing else varies in the part. */
  | { kind: 'variable'; name: string; separator: string | null }

export type Binding = { ok: true; pattern: BoundPattern } | { ok: false; problem: string }

/** A checked pattern, as the operator or the issuer of tokens wrote it. */
export class PathPattern {
  readonly #parts: readonly (readonly Piece[])[]
  readonly #deep: boolean

  /** @throws Error that names the fault */
  constructor(text: string) {
    const parts = partsOf(text)
    const problem = pathProblem(skeleton(parts), Number.POSITIVE_INFINITY)
    if (problem !== null) throw new Error(problem)
    this.#deep = isDeep(parts.at(-1))
    this.#parts = (this.#deep ? parts.slice(0, -1) : parts).map(withSeparators)
  }

  /** Fills in the claims, or says why the pattern fits no path of this page. */
  bind(claims: Claims): Binding {
    const parts: PartPattern[] = []
    for (const pieces of this.#parts) {
      const part: PartPattern = { head: '', tail: null }
      for (const piece of pieces) {
        if (piece.kind === 'star') {
          part.tail = ''
          continue
        }
        const text = textOf(piece, claims)
        if (!text.ok) return text
        if (part.tail === null) part.head += text.text
        else part.tail += text.text
      }
      parts.push(part)
    }
    return { ok: true, pattern: new BoundPattern(parts, this.#deep) }
  }
}

function partsOf(text: string): Piece[][] {
  if (!text.startsWith('/')) throw new Error('a pattern begins with /')
  if (text.length > MAX_PATTERN_LENGTH) {
    throw new Error(`a pattern has at most ${MAX_PATTERN_LENGTH} characters`)
  }
  if (text === '/') return []
  const parts: Piece[][] = []
  let read = 0
  for (const { 0: token, groups = {} } of text.matchAll(TOKEN)) {
    read += token.length
    if (groups.slash !== undefined) parts.push([])
    else (parts.at(-1) as Piece[]).push(pieceOf(token, groups.variable, groups.star))
  }
  if (read < text.length) {
    throw new Error(`"${text.slice(read)}": a variable is written \${claim}, and braces do not nest`)
  }
  return parts
}

function pieceOf(token: string, variable: string | undefined, star: string | undefined): Piece {
  if (variable !== undefined) return { kind: 'variable', name: variable, separator: null }
  return star === undefined ? { kind: 'text', text: token } : { kind: 'star' }
}

function isDeep(part: Piece[] | undefined): boolean {
  return part?.length === 2 && part.every(({ kind }) => kind === 'star')
}

/** The separator of a variable before the `*` stands behind it, the separator of one behind the `*` before it. */
function withSeparators(part: Piece[]): Piece[] {
  const star = part.findIndex(({ kind }) => kind === 'star')
  if (part.some((piece, at) => piece.kind === 'star' && at > star)) {
    throw new Error('a part holds at most one *, and ** stands only at the end, as a part of its own')
  }
  return part.map((piece, at) => {
    if (piece.kind !== 'variable') return piece
    if (star !== -1 && at > star)
      return { ...piece, separator: textBeside(part[at - 1] as Piece, piece.name).slice(-1) }
    const varies = part.slice(at + 1).some(({ kind }) => kind !== 'text')
    return varies ? { ...piece, separator: textBeside(part[at + 1] as Piece, piece.name).slice(0, 1) } : piece
  })
}

function textBeside(piece: Piece, variable: string): string {
  if (piece.kind === 'text') return piece.text
  throw new Error(
    `put text between \${${variable}} and the variable or * beside it: without it, names of one page are names of another`,
  )
}

/** A path that is well-formed exactly when the pattern is. */
function skeleton(parts: readonly (readonly Piece[])[]): string {
  return `/${parts.map((pieces) => pieces.map((piece) => (piece.kind === 'text' ? piece.text : 'x')).join('')).join('/')}`
}

function textOf(piece: Exclude<Piece, { kind: 'star' }>, claims: Claims): ClaimText {
  if (piece.kind === 'text') return { ok: true, text: piece.text }
  const found = claimText(claims, piece.name)
  if (found.ok && piece.separator !== null && found.text.includes(piece.separator)) {
    const problem = `the claim ${piece.name} holds "${piece.separator}", which separates it in this pattern`
    return { ok: false, problem }
  }
  return found
}

/** One part of a pattern: `head*tail`, or exactly `head` without a tail. */
export interface PartPattern {
  head: string
  tail: string | null
}

/**
 * The nodes that a pattern has to cover for a path: the node, the path with any number of ZooKeeper's behind it, each direct
 * child, or everything below.
 */
export type Reach = 'node' | 'numbered' | 'children' | 'below'

/** A pattern with the values of its variables. It covers a path or not, whatever nodes exist. */
export class BoundPattern {
  readonly #parts: readonly PartPattern[]
  readonly #deep: boolean

  /** @param deep whether the pattern ends with `**`, which is not among the parts */
  constructor(parts: readonly PartPattern[], deep: boolean) {
    this.#parts = parts
    this.#deep = deep
  }

  /** @param path its parts; none for the root */
  covers(path: readonly string[], reach: Reach): boolean {
    switch (reach) {
      case 'node':
        return this.#holds(path)
      case 'numbered':
        return this.#holds(path) && (path.length > this.#parts.length || this.#parts.at(-1)?.tail === '')
      case 'children':
        return this.#holdsEachChild(path) || (this.#deep && this.#holds(path))
      case 'below':
        return this.#deep && (this.#holdsEachChild(path) || this.#holds(path))
    }
  }

  /** The number of parts of the path that fit, from its beginning: how near a miss is. */
  commonParts(path: readonly string[]): number {
    const miss = this.#parts.findIndex((part, at) => !fits(part, path[at]))
    return miss === -1 ? this.#parts.length : miss
  }

  toString(): string {
    const parts = this.#parts.map(({ head, tail }) => (tail === null ? head : `${head}*${tail}`))
    return `/${[...parts, ...(this.#deep ? ['**'] : [])].join('/')}`
  }

  #holds(path: readonly string[]): boolean {
    const wanted = this.#parts.length
    return (this.#deep || path.length === wanted) && this.#fitsFirst(wanted, path)
  }

  #holdsEachChild(path: readonly string[]): boolean {
    const [next, ...further] = this.#parts.slice(path.length)
    if (next === undefined || further.length > 0 || next.head !== '' || next.tail !== '') return false
    return this.#fitsFirst(path.length, path)
  }

  #fitsFirst(count: number, path: readonly string[]): boolean {
    for (let at = 0; at < count; at += 1) if (!fits(this.#parts[at] as PartPattern, path[at])) return false
    return true
  }
}

function fits({ head, tail }: PartPattern, name: string | undefined): boolean {
  if (tail === null || name === undefined) return name === head
  // In `ab*b`, head and tail must not share a letter.
  return name.length >= head.length + tail.length && name.startsWith(head) && name.endsWith(tail)
}

/** The claims of a token, as they were signed. */
export type Claims = Readonly<Record<string, unknown>>

export type ClaimText = { ok: true; text: string } | { ok: false; problem: string }

/**
 * The value of a claim. The whole name counts first, since a name may contain dots (`https://example.com/role`); otherwise
 * each dot is a step into an object (`org.team`).
 * @returns undefined for a missing claim
 */
export function claimAt(claims: unknown, name: string): unknown {
  if (typeof claims !== 'object' || claims === null) return undefined
  if (Object.hasOwn(claims, name)) return (claims as Claims)[name]
  const dot = name.indexOf('.')
  if (dot === -1 || !Object.hasOwn(claims, name.slice(0, dot))) return undefined
  return claimAt((claims as Claims)[name.slice(0, dot)], name.slice(dot + 1))
}

/** A claim as text for one part of a path, or the reason against it. */
export function claimText(claims: Claims, name: string): ClaimText {
  const value = claimAt(claims, name)
  if (value === undefined || value === null) return problem(name, 'is missing')
  // A longer number has lost digits: two subjects would have the same.
  const usable = typeof value === 'string' || Number.isSafeInteger(value)
  if (!usable) return problem(name, 'is neither text nor a whole number that keeps all its digits')
  const text = String(value)
  if (text === '') return problem(name, 'is empty')
  if (text.includes('/')) return problem(name, 'holds a slash')
  const unfit = pathProblem(`/${text}`, Number.POSITIVE_INFINITY)
  return unfit === null ? { ok: true, text } : problem(name, `cannot be part of a path: ${unfit}`)
}

function problem(name: string, what: string): ClaimText {
  return { ok: false, problem: `the claim ${name} ${what}` }
}
