// The process that all viewers of one subject live in.
import { once } from 'node:events'
import { now } from '../chaos/record.js'
import { Arrivals } from './arrivals.js'
import { openClassicViewer } from './classic-viewer.js'
import { openSocketIoViewer } from './socket-io-viewer.js'
import type { OpenViewer, Viewer, ViewersSettings } from './viewer.js'
import type { ViewersReport } from './viewers.js'
import { openZoogateViewer } from './zoogate-viewer.js'

const OPENERS: Record<ViewersSettings['subject'], OpenViewer> = {
  zoogate: openZoogateViewer,
  classic: openClassicViewer,
  'socket.io': openSocketIoViewer,
}
/** Connections being opened at a time: what a listen backlog holds. */
const OPENING = 100

const report = (message: ViewersReport) => process.send?.(message)

// Without its parent the run is over.
process.once('disconnect', () => process.exit(1))
const [settings] = (await once(process, 'message')) as [ViewersSettings]
const stop = once(process, 'message')

let notices = 0
const arrivals = new Arrivals(settings.count, (change) =>
  report({ kind: 'told', change, at: now(), notices }),
)
const viewers: Viewer[] = []
while (viewers.length < settings.count) {
  const first = viewers.length
  const opening = Array.from({ length: Math.min(OPENING, settings.count - first) }, (_, index) =>
    OPENERS[settings.subject](settings, (change) => {
      notices++
      arrivals.add(first + index, change)
    }),
  )
  viewers.push(...(await Promise.all(opening)))
}
report({ kind: 'ready' })
await stop
await Promise.all(viewers.map((viewer) => viewer.close()))
process.exit(0)
