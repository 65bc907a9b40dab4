// The number of visitors, drawn in the shapes of the tiles. A digit has three by five cells.

const SVG = 'http://www.w3.org/2000/svg'

/** `#` is a full cell. A letter is a quarter disc: a is round at the top left, then b, c, d clockwise. */
const DIGITS: Readonly<Record<string, string>> = {
  0: 'a#b|#.#|#.#|#.#|d#c',
  1: 'a#.|.#.|.#.|.#.|###',
  2: 'a#b|..#|a#c|#..|###',
  3: '##b|..#|.##|..#|##c',
  4: '#.#|#.#|d##|..#|..#',
  5: '###|#..|##b|..#|d#c',
  6: 'a#b|#..|##b|#.#|d#c',
  7: '###|..#|.ac|.#.|.#.',
  8: 'a#b|#.#|###|#.#|d#c',
  9: 'a#b|#.#|d##|..#|d#c',
}

const CELLS: Readonly<Record<string, string>> = {
  '#': 'h1v1h-1z',
  a: 'm1 0v1h-1a1 1 0 0 1 1-1z',
  b: 'a1 1 0 0 1 1 1h-1z',
  c: 'h1a1 1 0 0 1-1 1z',
  d: 'h1v1a1 1 0 0 1-1-1z',
}

const ROWS = 5
const DIGIT_PITCH = 4

export function drawNumeral(value: number): SVGSVGElement {
  const digits = [...String(value)]
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', `0 0 ${digits.length * DIGIT_PITCH - 1} ${ROWS}`)
  svg.setAttribute('preserveAspectRatio', 'xMinYMax meet')
  const full = document.createElementNS(SVG, 'path')
  full.setAttribute('class', 'cell')
  full.setAttribute('d', digits.map((digit, at) => outline(digit, at * DIGIT_PITCH, true)).join(''))
  const round = document.createElementNS(SVG, 'path')
  round.setAttribute('class', 'cell-round')
  round.setAttribute('d', digits.map((digit, at) => outline(digit, at * DIGIT_PITCH, false)).join(''))
  svg.append(full, round)
  return svg
}

function outline(digit: string, left: number, full: boolean): string {
  const rows = (DIGITS[digit] ?? '').split('|')
  return rows
    .flatMap((row, y) =>
      [...row].map((cell, x) => {
        const path = CELLS[cell]
        return path !== undefined && (cell === '#') === full ? `M${left + x} ${y}${path}` : ''
      }),
    )
    .join('')
}
