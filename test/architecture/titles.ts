import { blanked } from './blanked.js'
import type { SourceFile } from './imports.js'
import { faultOf } from './sentences.js'

export interface Title {
  line: number
  kind: 'it' | 'describe'
  /** Each placeholder stands as `$`. Null where the title is no literal. */
  title: string | null
  /** The title of the innermost `describe` around it; null where there is none or it is no literal. */
  group: string | null
}

const CALL = /(?<![.\w])(it|test|describe\w*)(\.each|\.for)?\s*(?:<[^()]*?(?:\([^()]*\)[^()]*?)*>)?\(/g
const PLACEHOLDER = /\$\{[^}]*\}|\$[\w.]+|%[sdifjo#$%]|%\.\d+f/g

interface Call {
  at: number
  end: number
  kind: 'it' | 'describe'
  title: string | null
}

/** The titles of a test file, in order. */
export function titlesOf({ text }: SourceFile): Title[] {
  const code = blanked(text)
  const calls = [...code.matchAll(CALL)].flatMap((match) => {
    const call = callAt(code, text, match)
    return call === null ? [] : [call]
  })
  return calls.map(({ at, kind, title }) => {
    const around = calls.filter((other) => other.kind === 'describe' && other.at < at && at < other.end)
    return { line: text.slice(0, at).split('\n').length, kind, title, group: around.at(-1)?.title ?? null }
  })
}

function callAt(code: string, text: string, match: RegExpMatchArray): Call | null {
  const [whole, name, table] = match
  const at = match.index as number
  let open = at + whole.length - 1
  const behind = endOfParentheses(code, open)
  // Where two pairs follow each other, the first one holds a table or requirements, and the second one the title.
  if (code[behind] === '(') open = behind
  else if (table !== undefined) return null
  const kind = name?.startsWith('describe') ? 'describe' : 'it'
  return { at, end: endOfParentheses(code, open), kind, title: literalAt(code, text, open + 1) }
}

/** The place behind the pair of parentheses that opens at `open`. */
function endOfParentheses(code: string, open: number): number {
  let depth = 0
  for (let at = open; at < code.length; at += 1) {
    if (code[at] === '(') depth += 1
    if (code[at] === ')') depth -= 1
    if (depth === 0) return at + 1
  }
  return code.length
}

/** A string or template, or several of them added up. */
function literalAt(code: string, text: string, from: number): string | null {
  const found = /^\s*(['"`])/.exec(code.slice(from))
  if (found === null) return null
  const start = from + found[0].length
  const end = code.indexOf(found[1] as string, start)
  const literal = text.slice(start, end).replace(/\\(.)/g, '$1').replace(PLACEHOLDER, '$')
  const more = /^\s*\+/.exec(code.slice(end + 1))
  const rest = more === null ? '' : (literalAt(code, text, end + 1 + more[0].length) ?? '')
  return literal + rest
}

/** A line for each test whose title is no sentence. */
export function titleFaults(files: SourceFile[]): string[] {
  return files
    .filter(({ path }) => /^test\/.*\.ts$/.test(path))
    .flatMap((file) =>
      titlesOf(file).flatMap(({ kind, title, group, line }) => {
        const fault = kind === 'it' && title !== null ? faultOf(title, group) : null
        return fault === null ? [] : [`${file.path}:${line} "${title}" ${fault}`]
      }),
    )
}
