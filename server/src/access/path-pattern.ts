import { pathProblem } from '../wire/path.js'
import { BoundPattern, type PartPattern } from './bound-pattern.js'
import { type Claims, type ClaimText, claimText } from './claim-value.js'

// A pattern is a path below the chroot. In it, `*` stands for any text inside one part, also none; `**` at the end
// for any number of parts, also none; `${claim}` for what the token says. A value is text, never pattern.
//
// One page's names must never be names of another page: with `${sub}:*` the names of ada are `ada:…`; the names of a subject `ada:x`
// would be among them. So the text that separates a variable from the next thing that varies may not stand in its value.

const MAX_PATTERN_LENGTH = 1024

const TOKEN = /\$\{(?<variable>[^{}]+)\}|(?<star>\*)|(?<slash>\/)|(?<text>[^/*$]+|\$(?!\{))/gy

type Piece =
  | { kind: 'text'; text: string }
  | { kind: 'star' }
  /** `separator`: the character that its value may not hold; null where nothing else varies in the part. */
  | { kind: 'variable'; name: string; separator: string | null }

export type Binding = { ok: true; pattern: BoundPattern } | { ok: false; problem: string }

/** A pattern as the operator or the issuer of tokens wrote it, checked. */
export class PathPattern {
  readonly #parts: readonly (readonly Piece[])[]
  readonly #deep: boolean

  /** @throws Error that says what is wrong */
  constructor(text: string) {
    const parts = partsOf(text)
    const problem = pathProblem(skeleton(parts), Number.POSITIVE_INFINITY)
    if (problem !== null) throw new Error(problem)
    this.#deep = isDeep(parts.at(-1))
    this.#parts = (this.#deep ? parts.slice(0, -1) : parts).map(withSeparators)
  }

  /** Puts in what the claims say, or tells why the pattern fits no path of this page. */
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

/** Up to the `*` a variable is told from what follows it, behind the `*` from what comes before it. */
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
    `put text between \${${variable}} and what varies beside it, or one page's names are another's too`,
  )
}

/** A path that is well-formed exactly where the pattern is. */
function skeleton(parts: readonly (readonly Piece[])[]): string {
  return `/${parts.map((pieces) => pieces.map((piece) => (piece.kind === 'text' ? piece.text : 'x')).join('')).join('/')}`
}

function textOf(piece: Exclude<Piece, { kind: 'star' }>, claims: Claims): ClaimText {
  if (piece.kind === 'text') return { ok: true, text: piece.text }
  const found = claimText(claims, piece.name)
  if (found.ok && piece.separator !== null && found.text.includes(piece.separator)) {
    const problem = `the claim ${piece.name} holds "${piece.separator}", which is what separates it in this pattern`
    return { ok: false, problem }
  }
  return found
}
