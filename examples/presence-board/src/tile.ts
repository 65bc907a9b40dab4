// The picture on a card: a quadrant of four shapes, turned around the centre four times. Ceramic wall tiles are drawn this
// way, and any random choice of shapes looks intended. A node always gets the same picture.

import { hash } from './colours.js'

const SVG = 'http://www.w3.org/2000/svg'

/** Shapes in a cell of 1 × 1. Each can be turned in four directions. */
const SHAPES = {
  quarter: 'M0 0H1A1 1 0 0 1 0 1Z',
  triangle: 'M0 0H1L0 1Z',
  leaf: 'M0 0A1 1 0 0 1 1 1A1 1 0 0 1 0 0Z',
  band: 'M.5 0H1A1 1 0 0 1 0 1V.5A.5 .5 0 0 0 .5 0Z',
  arch: 'M0 .5A.5 .5 0 0 1 1 .5V1H0Z',
  dot: 'M.5 .18A.32 .32 0 0 1 .5 .82A.32 .32 0 0 1 .5 .18Z',
  square: 'M0 0H1V1H0Z',
} as const

type Shape = keyof typeof SHAPES

/** The shapes to choose from for each cell of the quadrant. The first cell is the corner of the tile. */
const PALETTES: readonly (readonly Shape[])[] = [
  ['quarter', 'band', 'leaf', 'triangle', 'dot'],
  ['quarter', 'triangle', 'arch', 'leaf', 'square'],
  ['leaf', 'arch', 'triangle', 'quarter', 'band'],
  ['quarter', 'leaf', 'band', 'triangle'],
]

export function drawTile(seed: string): SVGSVGElement {
  const random = sequence(hash(seed))
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 4 4')
  svg.setAttribute('preserveAspectRatio', 'xMidYMid slice')
  svg.setAttribute('aria-hidden', 'true')
  const quadrant = PALETTES.map((shapes, cell) => {
    const shape = shapes[random(shapes.length)] ?? 'quarter'
    return drawShape(shape, cell % 2, cell >> 1, random(4), random(3) === 0 ? 'figure-b' : 'figure-a')
  })
  // Two neighbouring cells in one colour make a larger form, three make a blob: so one cell is always b.
  quadrant[random(quadrant.length)]?.setAttribute('class', 'figure-b')
  for (let turn = 0; turn < 4; turn += 1) {
    const group = document.createElementNS(SVG, 'g')
    group.setAttribute('transform', `rotate(${turn * 90} 2 2)`)
    group.append(...quadrant.map((shape) => shape.cloneNode(true)))
    svg.append(group)
  }
  return svg
}

function drawShape(shape: Shape, x: number, y: number, turns: number, className: string): SVGPathElement {
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('d', SHAPES[shape])
  path.setAttribute('transform', `translate(${x} ${y}) rotate(${turns * 90} .5 .5)`)
  path.setAttribute('class', className)
  return path
}

/** Whole numbers below a limit; the same seed gives the same sequence (mulberry32). */
function sequence(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
}
