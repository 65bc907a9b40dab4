// A `/` behind one of these begins a regular expression; behind anything else it divides.
const BEFORE_REGEX = /(?:^|[=(,:;!&|?{}[+\-*%<>~\n]|=>|\b(?:return|typeof|case|in|of|await|yield|void))\s*$/

/**
 * The same text, in which comments, regular expressions and the insides of strings are spaces: the rest is code, at
 * the places where it stood. So a brace is a brace. Quotes stay.
 */
export function blanked(text: string): string {
  const out = text.split('')
  const blank = (from: number, to: number) => {
    for (let at = from; at < to; at += 1) if (out[at] !== '\n') out[at] = ' '
  }
  code(text, 0, blank, null)
  return out.join('')
}

type Blank = (from: number, to: number) => void

/** Walks code from `at` to the brace that closes it, or to the end of the text; returns the place behind it. */
function code(text: string, start: number, blank: Blank, closing: '}' | null): number {
  let at = start
  let depth = 0
  while (at < text.length) {
    const char = text[at]
    if (char === '{') depth += 1
    if (char === '}') {
      if (depth === 0 && closing !== null) return at + 1
      depth -= 1
    }
    at = skipped(text, at, blank)
  }
  return at
}

/** The place behind the comment, string, template or regular expression that begins at `at`; the next one for code. */
function skipped(text: string, at: number, blank: Blank): number {
  const char = text[at]
  if (text.startsWith('//', at)) return blankTo(endOfLine(text, at), at, blank)
  if (text.startsWith('/*', at)) return blankTo(after(text, '*/', at), at, blank)
  if (char === "'" || char === '"') {
    const end = endOfQuoted(text, at, char)
    blank(at + 1, end - 1)
    return end
  }
  if (char === '`') return template(text, at, blank)
  if (char === '/' && BEFORE_REGEX.test(text.slice(Math.max(0, at - 20), at))) {
    return blankTo(endOfRegex(text, at), at, blank)
  }
  return at + 1
}

function blankTo(end: number, from: number, blank: Blank): number {
  blank(from, end)
  return end
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}

function after(text: string, sign: string, at: number): number {
  const found = text.indexOf(sign, at + sign.length)
  return found === -1 ? text.length : found + sign.length
}

function endOfQuoted(text: string, start: number, quote: string): number {
  let at = start + 1
  while (at < text.length && text[at] !== quote && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function endOfRegex(text: string, start: number): number {
  let at = start + 1
  let inClass = false
  while (at < text.length && text[at] !== '\n' && (inClass || text[at] !== '/')) {
    if (text[at] === '[') inClass = true
    if (text[at] === ']') inClass = false
    at += text[at] === '\\' ? 2 : 1
  }
  return at + 1
}

/** What stands in `${}` of a template is code again. */
function template(text: string, start: number, blank: Blank): number {
  let at = start + 1
  while (at < text.length && text[at] !== '`') {
    if (text.startsWith('${', at)) {
      at = code(text, at + 2, blank, '}')
    } else {
      const width = text[at] === '\\' ? 2 : 1
      blank(at, at + width)
      at += width
    }
  }
  return at + 1
}
