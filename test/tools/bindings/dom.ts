import { JSDOM } from 'jsdom'

// The part of a page that the frameworks need, to be imported before them. Vitest's whole `jsdom` environment has another
// TextEncoder, with which a gateway or esbuild in the same process cannot run.
const { window } = new JSDOM()
const { document, navigator, Node, Element, Text, Comment } = window
const { HTMLElement, HTMLIFrameElement, HTMLMediaElement, SVGElement } = window
Object.assign(globalThis, { window, document, navigator, Node, Element, Text, Comment })
Object.assign(globalThis, { HTMLElement, HTMLIFrameElement, HTMLMediaElement, SVGElement })
