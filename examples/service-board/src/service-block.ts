import { setText, within } from 'presence-board/element'
import type { Service } from './catalogue.js'
import { InstanceRow } from './instance-row.js'

/** One service: the number of its instances, its leader, and a row for each instance. Rows are changed in place. */
export class ServiceBlock {
  readonly element = document.createElement('section')
  readonly #rows = new Map<string, InstanceRow>()

  constructor(name: string) {
    const titleId = `service-${encodeURIComponent(name)}`
    this.element.className = 'service'
    this.element.dataset.service = name
    this.element.setAttribute('aria-labelledby', titleId)
    this.element.innerHTML = `
      <header>
        <h2></h2>
        <p class="number"><span class="digits"></span><span class="visually-hidden"> running</span></p>
        <p class="led"></p>
      </header>
      <ul></ul>`
    const title = within(this.element, 'h2')
    title.id = titleId
    setText(title, name)
  }

  show({ instances, leader }: Service, now: number): void {
    this.element.dataset.down = String(instances.length === 0)
    setText(within(this.element, '.digits'), String(instances.length))
    setText(within(this.element, '.led'), led(instances.length, leader))
    const here = new Set(instances.map(({ name }) => name))
    for (const name of this.#rows.keys()) if (!here.has(name)) this.#drop(name)
    const list = within(this.element, 'ul')
    instances.forEach((instance, index) => {
      // Another process has registered under the same name: its row starts empty.
      if (this.#rows.get(instance.name)?.isOf(instance) === false) this.#drop(instance.name)
      const row = this.#rows.get(instance.name) ?? new InstanceRow(instance)
      this.#rows.set(instance.name, row)
      row.show(instance, instance.name === leader)
      row.showUptime(now)
      const there = list.children[index]
      if (there !== row.element) list.insertBefore(row.element, there ?? null)
    })
  }

  showUptimes(now: number): void {
    for (const row of this.#rows.values()) row.showUptime(now)
  }

  #drop(name: string): void {
    this.#rows.get(name)?.element.remove()
    this.#rows.delete(name)
  }
}

function led(running: number, leader: string | null): string {
  if (running === 0) return 'No instance'
  return leader === null ? 'No leader' : `Led by ${leader}`
}
