import type { HexLong } from 'zoogate-client/protocol'
import type { DevEnsemble } from '../../dev-ensemble/index.js'
import { Refused } from './requests.js'

/** The parts that a visitor of the board can break. */
export interface Breakable {
  ensemble: Pick<
    DevEnsemble,
    | 'ports'
    | 'sessions'
    | 'serverOf'
    | 'stopServer'
    | 'startServer'
    | 'expireSession'
    | 'cutLinks'
    | 'stallLinks'
    | 'resumeLinks'
    | 'delayAnswers'
  >
  /** Breaks the WebSockets of the tab with this name. */
  cutTab(tab: string): void
}

/** The session and the tab that suffer the fault. */
export interface Victim {
  session: HexLong
  /** The visitor's tab names itself in its dial; each tab of a browser has its own name. */
  tab: string
}

/** Ends a fault. */
export type Mend = () => Promise<unknown>

/** A fault that the board offers. */
export interface Fault {
  title: string
  watchFor: string
  /** 0 for a fault at a point in time, which needs no end. */
  lastsMs: number
  /** The visitor's session, or the servers of all; each suffers one fault of its kind at a time. */
  suffers: 'session' | 'servers'
  /** @returns the function that ends the fault after `lastsMs` */
  begin(breakable: Breakable, victim: Victim): Promise<Mend>
}

export class FaultRefused extends Refused {
  override readonly name = 'FaultRefused'
}

/** Longer than any session timeout of the ensemble, 20 ticks of 500 ms: the gateway has given up waiting for a reply. */
const SILENCE_MS = 12_000
/** Long enough to see which server holds the session now. */
const ONE_SERVER_OUT_MS = 8_000
/** As for the silence, and long enough to see that the tiles stay. */
const ALL_SERVERS_OUT_MS = 15_000
const SLOW_MS = 10_000
const ANSWER_DELAY_MS = 500

const nothing = async () => {}

export const FAULTS = {
  'cut-websocket': {
    title: 'Cut my WebSocket',
    watchFor: 'The session stays. Other tabs see no change.',
    lastsMs: 0,
    suffers: 'session',
    begin: async ({ cutTab }, { tab }) => {
      cutTab(tab)
      return nothing
    },
  },
  'cut-link': {
    title: 'Cut the gateway’s link',
    watchFor: 'The gateway attaches your session again.',
    lastsMs: 0,
    suffers: 'session',
    begin: async ({ ensemble }, { session }) => {
      ensemble.cutLinks({ session })
      return nothing
    },
  },
  'stall-link': {
    title: 'Silence the gateway’s link',
    watchFor: 'Rename yourself: another server takes over.',
    lastsMs: SILENCE_MS,
    suffers: 'session',
    begin: async ({ ensemble }, { session }) => {
      ensemble.stallLinks({ session })
      return async () => ensemble.resumeLinks({ session })
    },
  },
  'stop-server': {
    title: 'Stop my server',
    watchFor: 'Your session moves to one of the others.',
    lastsMs: ONE_SERVER_OUT_MS,
    suffers: 'servers',
    begin: async ({ ensemble }, { session }) => {
      const server = ensemble.serverOf(session)
      if (server === null) throw new FaultRefused(`session ${session} is connected to no server now`)
      await ensemble.stopServer(server)
      return () => ensemble.startServer(server)
    },
  },
  'stop-ensemble': {
    title: 'Stop all servers',
    watchFor: 'Longer than the timeout, yet no session expires.',
    lastsMs: ALL_SERVERS_OUT_MS,
    suffers: 'servers',
    begin: async ({ ensemble }) => {
      const servers = ensemble.ports.map((_, index) => index)
      await Promise.all(servers.map((server) => ensemble.stopServer(server)))
      return () => Promise.all(servers.map((server) => ensemble.startServer(server)))
    },
  },
  'slow-answers': {
    title: 'Slow answers',
    watchFor: 'Rename yourself: it takes a second to be seen.',
    lastsMs: SLOW_MS,
    suffers: 'servers',
    begin: async ({ ensemble }) => {
      ensemble.delayAnswers(ANSWER_DELAY_MS)
      return async () => ensemble.delayAnswers(0)
    },
  },
  'expire-session': {
    title: 'Expire my session',
    watchFor: 'CLOSED. Your tile goes, and a new one comes.',
    lastsMs: 0,
    suffers: 'session',
    begin: async ({ ensemble }, { session }) => {
      ensemble.expireSession(session)
      return nothing
    },
  },
} satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS
export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[]
