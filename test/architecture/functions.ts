import { blanked } from './blanked.js'
import type { SourceFile } from './imports.js'

export interface FunctionBody {
  /** Of its head. */
  line: number
  lines: number
}

/** The block behind the parentheses of these belongs to no function. */
const STATEMENTS = new Set(['if', 'for', 'while', 'switch', 'catch', 'with'])

/** Every function with a body in braces, from the line of its head to that of the closing brace. */
export function functionsOf({ text }: SourceFile): FunctionBody[] {
  const code = blanked(text)
  const lineAt = lineCounter(code)
  const open: { at: number; head: number | null }[] = []
  const found: FunctionBody[] = []
  for (let at = 0; at < code.length; at += 1) {
    if (code[at] === '{') open.push({ at, head: headOf(code, at) })
    if (code[at] !== '}') continue
    const head = open.pop()?.head ?? null
    if (head !== null) found.push({ line: lineAt(head), lines: lineAt(at) - lineAt(head) + 1 })
  }
  return found.sort((a, b) => a.line - b.line)
}

/** Characters between the parameters' beginning and the brace; no head of a function is longer. */
const LONGEST_HEAD = 1_000

/** Where the parameters of the function begin whose body opens at `brace`; null where it opens no function's body. */
function headOf(code: string, brace: number): number | null {
  const from = Math.max(0, brace - LONGEST_HEAD)
  const start = startOfHead(code.slice(from, brace).trimEnd())
  return start === null ? null : from + start
}

function startOfHead(before: string): number | null {
  if (before.endsWith('=>')) return parametersOf(before.slice(0, -2).trimEnd())
  // A return type may stand between the parentheses and the brace; one with braces of its own is a name in this repository.
  const signature = /\)(?:\s*:\s*[\w$.<>[\]|&,\s'"]+)?$/.exec(before)
  if (signature === null) return null
  const start = parametersOf(before.slice(0, signature.index + 1))
  const word = /([\w$#]+)\s*(?:<[^()]*>)?$/.exec(before.slice(0, start))?.[1]
  return word === undefined || STATEMENTS.has(word) ? null : start
}

/** The place of the parenthesis that opens the parameters at the end of `code`, or of the one parameter without any. */
function parametersOf(code: string): number {
  const close = code.search(/\)(?:\s*:\s*[^()]*)?$/)
  if (close === -1) return code.search(/[\w$]+$/)
  let depth = 0
  for (let at = close; at >= 0; at -= 1) {
    if (code[at] === ')') depth += 1
    if (code[at] === '(') depth -= 1
    if (depth === 0) return at
  }
  return close
}

/** Line numbers for places that mostly go up. */
function lineCounter(code: string): (at: number) => number {
  const starts = [0]
  for (let at = code.indexOf('\n'); at !== -1; at = code.indexOf('\n', at + 1)) starts.push(at + 1)
  return (at) => {
    let [low, high] = [0, starts.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] as number) <= at) low = middle
      else high = middle - 1
    }
    return low + 1
  }
}
