import { setText, within } from 'presence-board/element'
import type { Instance } from './catalogue.js'
import { roughly } from './duration.js'
import { HIGH_LOAD, LoadTrace } from './load-trace.js'

/** One row of a service: an instance with its name, address, uptime and load. */
export class InstanceRow {
  readonly element = document.createElement('li')
  readonly #trace = new LoadTrace()
  #shown: Instance

  constructor(instance: Instance) {
    this.element.className = 'instance'
    this.element.dataset.instance = instance.name
    this.element.innerHTML = `
      <p class="heading">
        <strong class="instance-name"></strong>
        <span class="tag leads">leader</span>
        <span class="tag simulated">simulated</span>
      </p>
      <p class="facts"><span class="address"></span> <span class="version"></span> <span class="up"></span></p>
      <p class="load"><span class="visually-hidden">load</span> <span class="load-number"></span></p>`
    this.element.append(this.#trace.element)
    setText(within(this.element, '.instance-name'), instance.name)
    within(this.element, '.simulated').hidden = !instance.simulated
    this.#shown = instance
    this.#showData(instance)
  }

  /** Another process may register under the same name; it has a row of its own. */
  isOf({ born }: Instance): boolean {
    return this.#shown.born === born
  }

  show(instance: Instance, leads: boolean): void {
    this.element.dataset.leads = String(leads)
    within(this.element, '.leads').hidden = !leads
    if (instance.revision === this.#shown.revision) return
    this.#shown = instance
    this.#showData(instance)
  }

  showUptime(now: number): void {
    setText(within(this.element, '.up'), `up ${roughly(now - this.#shown.startedAt)}`)
  }

  #showData({ address, version, load }: Instance): void {
    setText(within(this.element, '.address'), address)
    setText(within(this.element, '.version'), version)
    within(this.element, '.load').hidden = load === null
    if (load === null) return
    setText(within(this.element, '.load-number'), `${Math.round(load * 100)} %`)
    this.element.dataset.load = load >= HIGH_LOAD ? 'high' : 'normal'
    this.#trace.add(load)
  }
}
