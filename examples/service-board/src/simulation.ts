// The services that `zoogate dev` simulates, with buttons to stop, kill and start them. Any other server offers none.

import { within } from 'presence-board/element'

const SIMULATION_URL = '/demo/services'

export type Deed = 'stop' | 'kill' | 'start'

export interface SimulatedInstance {
  /** `<service>/<instance>` */
  name: string
  running: boolean
}

export interface Simulation {
  /** The ensemble's connect string, for your own backends. */
  zookeeper: string
  instances: SimulatedInstance[]
}

/** The simulation that this server offers; null when it offers none. */
export async function readSimulation(get: typeof fetch = fetch): Promise<Simulation | null> {
  const response = await get(SIMULATION_URL, { cache: 'no-store' })
  const isOffer = response.ok && response.headers.get('content-type')?.startsWith('application/json')
  return isOffer ? ((await response.json()) as Simulation) : null
}

/** Resolves when the deed has begun. @throws Error with the server's sentence when it refuses */
export async function perform(deed: Deed, instance: string, post: typeof fetch = fetch): Promise<void> {
  const response = await post(SIMULATION_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ deed, instance }),
  })
  if (!response.ok) throw new Error((await response.text()).trim())
}

interface SimulationElements {
  panel: HTMLElement
  list: HTMLElement
}

/** A row of buttons for each simulated instance. Disabled buttons stay focusable. */
export class SimulationPanel {
  constructor({ panel, list }: SimulationElements, instances: readonly SimulatedInstance[]) {
    list.append(...instances.map(drawRow))
    panel.hidden = false
  }
}

function drawRow(instance: SimulatedInstance): HTMLLIElement {
  const row = document.createElement('li')
  row.innerHTML =
    '<span></span><button type="button"></button><button type="button"></button><p role="alert"></p>'
  within(row, 'span').textContent = instance.name
  const [toggle, kill] = row.querySelectorAll('button') as NodeListOf<HTMLButtonElement>
  if (!toggle || !kill) throw new Error('A row of the simulation lacks its buttons.')
  let { running } = instance
  const show = () => {
    toggle.textContent = running ? 'Stop' : 'Start'
    toggle.ariaLabel = `${toggle.textContent} ${instance.name}`
    kill.textContent = 'Kill'
    kill.ariaLabel = `Kill ${instance.name}`
    kill.ariaDisabled = String(!running)
  }
  const press = async (deed: Deed) => {
    try {
      await perform(deed, instance.name)
      running = deed === 'start'
      within(row, 'p').textContent = ''
    } catch (error) {
      within(row, 'p').textContent = (error as Error).message
    }
    show()
  }
  toggle.addEventListener('click', () => void press(running ? 'stop' : 'start'))
  kill.addEventListener('click', () => {
    if (running) void press('kill')
  })
  show()
  return row
}
