// All services, one block for each, and the numbers above them.

import { setText } from 'presence-board/element'
import type { Service } from './catalogue.js'
import { ServiceBlock } from './service-block.js'

interface TimetableElements {
  /** Carries `data-services`, the number of services. */
  root: HTMLElement
  blocks: HTMLElement
  services: HTMLElement
  instances: HTMLElement
  down: HTMLElement
}

export class Timetable {
  readonly #blocks = new Map<string, ServiceBlock>()

  constructor(private readonly elements: TimetableElements) {}

  show(services: readonly Service[], now: number): void {
    const here = new Set(services.map(({ name }) => name))
    for (const [name, block] of this.#blocks) {
      if (here.has(name)) continue
      block.element.remove()
      this.#blocks.delete(name)
    }
    const { root, blocks } = this.elements
    services.forEach((service, index) => {
      const block = this.#blocks.get(service.name) ?? new ServiceBlock(service.name)
      this.#blocks.set(service.name, block)
      block.show(service, now)
      const there = blocks.children[index]
      if (there !== block.element) blocks.insertBefore(block.element, there ?? null)
    })
    root.dataset.services = String(services.length)
    this.#showNumbers(services)
  }

  showUptimes(now: number): void {
    for (const block of this.#blocks.values()) block.showUptimes(now)
  }

  #showNumbers(all: readonly Service[]): void {
    const { services, instances, down } = this.elements
    const running = all.reduce((sum, service) => sum + service.instances.length, 0)
    const without = all.filter((service) => service.instances.length === 0).length
    setText(services, all.length === 1 ? '1 service' : `${all.length} services`)
    setText(instances, running === 1 ? '1 instance' : `${running} instances`)
    setText(down, `${without} down`)
    down.dataset.down = String(without > 0)
  }
}
