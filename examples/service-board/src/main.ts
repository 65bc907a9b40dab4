// Puts the parts together: the page's address → client → one view of all services → timetable and history.

import { Announcer } from 'presence-board/announcer'
import { byId } from 'presence-board/element'
import { readGate, readPath } from 'presence-board/gate'
import { applySavedTheme, bindThemeButton } from 'presence-board/theme'
import { fetchToken } from 'presence-board/token'
import { type Client, createClient } from 'zoogate-client'
import { readServices, type Service } from './catalogue.js'
import { History } from './history.js'
import { LinkStatus } from './link-status.js'
import { passages } from './passages.js'
import { readSimulation, SimulationPanel } from './simulation.js'
import { Timetable } from './timetable.js'

const DEFAULT_ROOT = '/services'
/** The smallest unit of the uptimes is a second. */
const UPTIME_REFRESH_MS = 1_000

applySavedTheme()
document.addEventListener('DOMContentLoaded', start)

function start(): void {
  const { gateways, tokenUrl, timeoutMs } = readGate(location.href)
  const root = readPath(location.href, 'root', DEFAULT_ROOT)
  const client = createClient({
    url: gateways,
    getToken: ({ signal }) => fetchToken(tokenUrl, signal),
    sessionTimeoutMs: timeoutMs,
  })
  bindThemeButton(byId('theme'))
  byId('root').textContent = root
  for (const url of document.querySelectorAll('.gateway-url')) url.textContent = gateways[0] ?? ''
  showServices(client, root)
  // The status shows the outcome of this attempt, as it does for renewals.
  client.connect().catch(() => undefined)
  void offerSimulation()
}

function showServices(client: Client, root: string): void {
  const view = client.view(root, { depth: 'subtree', data: true })
  const timetable = new Timetable({
    root: document.documentElement,
    blocks: byId('services'),
    services: byId('number-services'),
    instances: byId('number-instances'),
    down: byId('number-down'),
  })
  const history = new History(byId('history', HTMLOListElement), new Announcer(byId('announcer')))
  const status = new LinkStatus({
    root: document.documentElement,
    state: byId('state'),
    word: byId('state-word'),
    note: byId('state-note'),
  })
  let services: readonly Service[] = []
  /** False: the view was stale, and changes since then were not seen one by one. */
  let wasLive = false
  const showStatus = () => status.show(client.getSnapshot(), view.getSnapshot(), Date.now())
  const show = () => {
    const { nodes, stale } = view.getSnapshot()
    showStatus()
    if (!stale) {
      const now = Date.now()
      const before = services
      services = readServices(root, nodes)
      history.add(passages(before, services, { at: now, seen: wasLive }))
      timetable.show(services, now)
    }
    wasLive = !stale
  }
  view.subscribe(show)
  client.subscribe(showStatus)
  showStatus()
  setInterval(() => timetable.showUptimes(Date.now()), UPTIME_REFRESH_MS)
}

/** Only `zoogate dev` simulates services. */
async function offerSimulation(): Promise<void> {
  const simulation = await readSimulation()
  if (simulation === null) return
  for (const hosts of document.querySelectorAll('.zookeeper-hosts')) hosts.textContent = simulation.zookeeper
  if (simulation.instances.length === 0) return
  new SimulationPanel({ panel: byId('simulation'), list: byId('simulated') }, simulation.instances)
}
