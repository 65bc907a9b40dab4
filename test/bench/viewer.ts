/** The settings of a process of viewers. */
export interface ViewersSettings {
  subject: 'zoogate' | 'classic' | 'socket.io'
  count: number
  /** Where to connect: a WebSocket's address, or the ensemble's connect string. */
  address: string
  /** The room's path, or its name. */
  room: string
  /** The tokens of zoogate's pages. */
  token: string
}

/** A client that looks at the room. */
export interface Viewer {
  /** Leaves for good; resolves when the other side knows it. */
  close(): Promise<void>
}

/** Resolves when the viewer sees the room as it is; `told` is called with each change that it is told of from then on. */
export type OpenViewer = (settings: ViewersSettings, told: (change: number) => void) => Promise<Viewer>
