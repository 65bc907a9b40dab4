// Finds elements of the page's own markup. A missing element is a mistake of the page; the error names it.

export function byId(id: string): HTMLElement
export function byId<E extends HTMLElement>(id: string, kind: new () => E): E
export function byId(id: string, kind: new () => HTMLElement = HTMLElement): HTMLElement {
  const element = document.getElementById(id)
  if (!(element instanceof kind)) throw new Error(`The page has no ${kind.name} with the id "${id}".`)
  return element
}

/** The one element inside another that fits the selector. */
export function within(element: HTMLElement, selector: string): HTMLElement {
  const part = element.querySelector<HTMLElement>(selector)
  if (!part) throw new Error(`An element of the class "${element.className}" has no ${selector} inside.`)
  return part
}

/** Leaves an unchanged element alone, so that a selection in it survives. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}
