// Puts the parts together: settings → client → room → wall, panels and log.

import { type Client, createClient } from 'zoogate-client'
import { Cards } from './cards.js'
import { FaultPanel } from './fault-panel.js'
import { causeFault, type Fault, offeredFaults, tabName } from './faults.js'
import { loadIdentity, saveIdentity } from './identity.js'
import { KeptText } from './kept-text.js'
import { Log } from './log.js'
import { cleanName, type Member } from './member.js'
import { Room, type RoomChange } from './room.js'
import { SessionPanel } from './session-panel.js'
import { readSettings, renamed } from './settings.js'
import { applySavedTheme, bindThemeButton } from './theme.js'
import { fetchToken } from './token.js'

/** Cards say minutes; half a minute late is not seen. */
const AGE_REFRESH_MS = 30_000
/** More arrivals or departures at once than this are logged as a number. */
const MAX_LOGGED_TOGETHER = 5

applySavedTheme()
document.addEventListener('DOMContentLoaded', start)

function start(): void {
  const tab = tabName(new KeptText(() => sessionStorage, 'presence-board:tab'))
  const settings = readSettings(location.href, tab)
  const kept = new KeptText(() => sessionStorage, 'presence-board:identity')
  let identity = loadIdentity(settings.name, kept)

  const cards = new Cards({
    wall: byId('wall'),
    list: byId('cards'),
    count: byId('count'),
    digits: byId('count-digits'),
  })
  const log = new Log(byId('log', HTMLOListElement), byId('announcer'))
  const reportError = (error: unknown) => log.add('error', describe(error))
  const client = createClient({
    url: settings.gateways,
    getToken: ({ signal }) =>
      fetchToken(settings.tokenUrl, signal).catch((error: unknown) => {
        // The client asks again later and stays CONNECTING: without this nobody would know what it waits for.
        if (!signal.aborted) reportError(error)
        throw error
      }),
    sessionTimeoutMs: settings.timeoutMs,
    storage: 'tab',
    renew: true,
  })

  showSession(client, log)
  offerFaults(client, tab, log).catch(reportError)
  const room = new Room({
    client,
    path: settings.room,
    identity,
    onChange: (changes, members) => {
      logChanges(log, changes, cards.size === 0)
      cards.show(members, Date.now())
    },
    onError: reportError,
    timing: { now: Date.now, wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
  })
  setInterval(() => cards.showAges(Date.now()), AGE_REFRESH_MS)

  byId('room').textContent = settings.room
  bindThemeButton(byId('theme'))
  bindNameForm(identity.name, (name) => {
    identity = { ...identity, name }
    saveIdentity(identity, kept)
    history.replaceState(null, '', renamed(location.href, name))
    room.setIdentity(identity)
  })
  const connect = () => {
    // How it ends is told by the state event, for this attempt and for renewals alike.
    client.connect().catch(() => undefined)
  }
  byId('leave').addEventListener('click', () => void client.close())
  byId('rejoin').addEventListener('click', connect)
  connect()
}

function showSession(client: Client, log: Log): void {
  const panel = new SessionPanel({
    root: document.documentElement,
    state: byId('state'),
    word: byId('state-word'),
    note: byId('state-note'),
    id: byId('session-id'),
    timeout: byId('session-timeout'),
    origin: byId('session-origin'),
    hint: byId('session-hint'),
    leave: byId('leave', HTMLButtonElement),
    rejoin: byId('rejoin', HTMLButtonElement),
  })
  const show = () => panel.show(client.getSnapshot())
  client.subscribe(show)
  show()

  let lastId: string | null = null
  client.on('state', ({ state, previous, reason, error }) => {
    log.add('state', `${previous} → ${state}${reason ? ` (${reason})` : ''}`)
    if (error) log.add('error', describe(error))
    if (state !== 'CONNECTED' || !client.session) return
    const { id, resumed } = client.session
    log.add('session', sessionNews(id, resumed, lastId))
    lastId = id
  })
}

async function offerFaults(client: Client, tab: string, log: Log): Promise<void> {
  const faults = await offeredFaults()
  if (faults.length === 0) return
  const cause = async (fault: Fault) => {
    log.add('fault', `You pressed “${fault.title}”`)
    const begun = causeFault(fault, { session: client.session?.id ?? '', tab })
    return begun.then(
      () => true,
      (error: unknown) => {
        log.add('error', describe(error))
        return false
      },
    )
  }
  const elements = { panel: byId('faults', HTMLDetailsElement), list: byId('fault-list') }
  const panel = new FaultPanel(elements, faults, cause)
  const show = () => panel.setConnected(client.state === 'CONNECTED')
  client.subscribe(show)
  show()
}

function sessionNews(id: string, resumed: boolean, lastId: string | null): string {
  if (id === lastId) return `Session ${id} goes on`
  if (resumed) return `Session ${id} taken up again after a reload`
  return lastId === null ? `Session ${id} opened` : `Session ${id} opened in place of ${lastId}`
}

/** On an empty wall the arrivals are those who have been here for a while. */
function logChanges(log: Log, changes: readonly RoomChange[], wallIsEmpty: boolean): void {
  for (const kind of ['left', 'joined'] as const) {
    const members = changes.filter((change) => change.kind === kind).map(({ member }) => member)
    const found = kind === 'joined' && wallIsEmpty
    if (members.length > MAX_LOGGED_TOGETHER) {
      log.add(kind, `${members.length} visitors ${found ? 'are here' : kind}`)
    } else {
      for (const member of members) log.add(kind, `${called(member)} ${found ? 'is here' : kind}`)
    }
  }
  for (const change of changes) {
    if (change.kind === 'changed' && change.previous.name !== change.member.name) {
      log.add('changed', `${change.previous.name} is now ${called(change.member)}`)
    }
  }
}

function called(member: Member): string {
  return member.mine ? `${member.name} (you)` : member.name
}

function bindNameForm(name: string, onRename: (name: string) => void): void {
  const input = byId('name', HTMLInputElement)
  input.value = name
  byId('name-form').addEventListener('submit', (event) => {
    event.preventDefault()
    const wanted = cleanName(input.value)
    if (wanted === null) return input.reportValidity()
    input.value = wanted
    onRename(wanted)
  })
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? `${error.code}: ${error.message}` : error.message
}

function byId(id: string): HTMLElement
function byId<E extends HTMLElement>(id: string, kind: new () => E): E
function byId(id: string, kind: new () => HTMLElement = HTMLElement): HTMLElement {
  const element = document.getElementById(id)
  if (!(element instanceof kind)) throw new Error(`index.html has no ${kind.name} with the id "${id}".`)
  return element
}
