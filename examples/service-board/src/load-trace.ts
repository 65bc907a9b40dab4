// The latest loads of one instance, as a strip of bars that grows from the right.

const SVG = 'http://www.w3.org/2000/svg'

/** About a minute at one update every second or two. */
const BARS = 32
const HIGHEST = 16
/** From this load on an instance is drawn as overloaded. */
export const HIGH_LOAD = 0.85

export class LoadTrace {
  readonly element: SVGSVGElement
  #loads: number[] = []

  constructor() {
    this.element = document.createElementNS(SVG, 'svg')
    this.element.setAttribute('class', 'trace')
    this.element.setAttribute('viewBox', `0 0 ${BARS * 3 - 1} ${HIGHEST}`)
    this.element.setAttribute('preserveAspectRatio', 'none')
    this.element.setAttribute('aria-hidden', 'true')
  }

  add(load: number): void {
    this.#loads = [...this.#loads, load].slice(-BARS)
    const first = BARS - this.#loads.length
    this.element.replaceChildren(...this.#loads.map((each, index) => drawBar(first + index, each)))
  }
}

function drawBar(place: number, load: number): SVGRectElement {
  const bar = document.createElementNS(SVG, 'rect')
  // An idle instance gets a bar too.
  const height = Math.max(1, load * HIGHEST)
  bar.setAttribute('x', String(place * 3))
  bar.setAttribute('y', String(HIGHEST - height))
  bar.setAttribute('width', '2')
  bar.setAttribute('height', String(height))
  if (load >= HIGH_LOAD) bar.setAttribute('class', 'high')
  return bar
}
