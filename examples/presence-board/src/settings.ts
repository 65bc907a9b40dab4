// Reads the page's address: where to connect, which room to join, and under which name.

import { type Gate, readGate, readPath } from './gate.js'

export interface Settings extends Gate {
  /** Path of the room's node. */
  room: string
  /** The visitor's name; null when the address has none. */
  name: string | null
}

const DEFAULT_ROOM = '/rooms/lobby'

/** @param tab the name under which this tab dials the gateway that served the page */
export function readSettings(address: string, tab: string): Settings {
  return {
    ...readGate(address, `?tab=${tab}`),
    room: readPath(address, 'room', DEFAULT_ROOM),
    name: new URL(address).searchParams.get('name'),
  }
}

/** The address with the new name, where it had a name: a reload must not bring the old name back. */
export function renamed(address: string, name: string): string {
  const url = new URL(address)
  if (url.searchParams.has('name')) url.searchParams.set('name', name)
  return url.href
}
