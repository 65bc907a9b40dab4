import { JSDOM } from 'jsdom'

// No more of a page than the frameworks need, to be imported before them. The whole of it, Vitest's own `jsdom`
// environment, is no place for what runs on Node beside it, a gateway or esbuild: it has another TextEncoder.
const { window } = new JSDOM()
const { document, navigator, Node, Element, Text, Comment } = window
const { HTMLElement, HTMLIFrameElement, HTMLMediaElement, SVGElement } = window
Object.assign(globalThis, { window, document, navigator, Node, Element, Text, Comment })
Object.assign(globalThis, { HTMLElement, HTMLIFrameElement, HTMLMediaElement, SVGElement })
