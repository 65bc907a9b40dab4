// Puts the parts together: settings → client → presence → wall, panels and log.

import { type Client, createClient, type Presence, ZoogateError } from 'zoogate-client'
import { Announcer } from './announcer.js'
import { Arrivals } from './arrivals.js'
import { Cards } from './cards.js'
import { byId } from './element.js'
import { FaultPanel } from './fault-panel.js'
import { causeFault, type Fault, offeredFaults } from './faults.js'
import { loadIdentity, saveIdentity } from './identity.js'
import { keptName } from './kept-name.js'
import { KeptText } from './kept-text.js'
import { Log } from './log.js'
import { SessionPanel } from './session-panel.js'
import { readSettings, renamed } from './settings.js'
import { applySavedTheme, bindThemeButton } from './theme.js'
import { fetchToken } from './token.js'
import { cleanName, type Identity, readVisitor } from './visitor.js'

/** Cards show minutes, so that half a minute of delay does not show. */
const AGE_REFRESH_MS = 30_000
/** A visitor joins as soon as the gateway can be reached, no matter how long it was away. */
const PATIENT = { timeoutMs: Infinity }
/** The tile goes with the session in any case. Removing it before the close lets the own wall show its removal. */
const LEAVE_TIMEOUT_MS = 1_000

applySavedTheme()
document.addEventListener('DOMContentLoaded', start)

function start(): void {
  const tab = keptName(new KeptText(() => sessionStorage, 'presence-board:tab'))
  const browser = keptName(new KeptText(() => localStorage, 'presence-board:browser'))
  const settings = readSettings(location.href, tab)
  const kept = new KeptText(() => sessionStorage, 'presence-board:identity')
  let identity = loadIdentity(settings.name, kept)

  const log = new Log(byId('log', HTMLOListElement), new Announcer(byId('announcer')))
  const reportError = (error: unknown) => logError(log, error)
  const client = createClient({
    url: settings.gateways,
    getToken: ({ signal }) =>
      fetchToken(settings.tokenUrl, signal).catch((error: unknown) => {
        // The client stays CONNECTING and asks again later. This entry tells the visitor what it waits for.
        if (!signal.aborted) reportError(error)
        throw error
      }),
    sessionTimeoutMs: settings.timeoutMs,
    storage: 'tab',
    renew: true,
  })
  const room = client.presence<Identity>(settings.room, { group: browser })

  showSession(client, room, log)
  showWall(room, browser, log)
  offerFaults(client, tab, log).catch(reportError)

  byId('room').textContent = settings.room
  bindThemeButton(byId('theme'))
  bindNameForm(identity.name, (name) => {
    identity = { ...identity, name }
    saveIdentity(identity, kept)
    history.replaceState(null, '', renamed(location.href, name))
    room.update(identity).catch(reportError)
  })
  const connect = () => {
    // The state event reports the outcome of this attempt, as it does for renewals.
    client.connect().catch(() => undefined)
  }
  const join = () => {
    connect()
    room.join(identity, PATIENT).catch(reportError)
  }
  byId('leave').addEventListener('click', () => void leave(client, room))
  byId('rejoin').addEventListener('click', join)
  join()
}

async function leave(client: Client, room: Presence<Identity>): Promise<void> {
  if (client.state === 'CONNECTED') await room.leave({ timeoutMs: LEAVE_TIMEOUT_MS }).catch(() => undefined)
  await client.close()
}

function showSession(client: Client, room: Presence<Identity>, log: Log): void {
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
  const show = () => panel.show(client.getSnapshot(), room.getSnapshot().stale)
  client.subscribe(show)
  room.subscribe(show)
  show()

  let lastId: string | null = null
  client.on('state', ({ state, previous, reason, error }) => {
    log.add('state', `${previous} → ${state}${reason ? ` (${reason})` : ''}`)
    if (error) logError(log, error)
    if (state !== 'CONNECTED' || !client.session) return
    const { id, resumed } = client.session
    log.add('session', sessionNews(id, resumed, lastId))
    lastId = id
  })
}

function showWall(room: Presence<Identity>, browser: string, log: Log): void {
  const cards = new Cards({
    wall: byId('wall'),
    list: byId('cards'),
    count: byId('count'),
    digits: byId('count-digits'),
  })
  const arrivals = new Arrivals(log)
  let error: Error | null = null
  const show = () => {
    const snapshot = room.getSnapshot()
    const visitors = snapshot.members.map((member) => readVisitor(member, browser))
    arrivals.note(visitors)
    cards.show(visitors, Date.now())
    if (snapshot.error && snapshot.error !== error) logError(log, snapshot.error)
    error = snapshot.error
  }
  room.subscribe(show)
  setInterval(() => cards.showAges(Date.now()), AGE_REFRESH_MS)
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
        logError(log, error)
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
  if (resumed) return `Session ${id} resumed after a reload`
  return lastId === null ? `Session ${id} opened` : `Session ${id} opened in place of ${lastId}`
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

function logError(log: Log, error: unknown): void {
  // Leaving closes the session, which the log says already, and fails the calls in flight.
  if (error instanceof ZoogateError && error.code === 'SESSION_CLOSED') return
  log.add('error', describe(error))
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? `${error.code}: ${error.message}` : error.message
}
