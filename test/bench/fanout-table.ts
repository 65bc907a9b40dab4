import type { FanoutResult, FanoutSettings } from './fanout.js'
import type { Figures } from './figures.js'

const ROWS: readonly { title: string; of: (figures: Figures) => number | null }[] = [
  { title: 'acknowledged → last page, p50 ms', of: ({ fromAcknowledgement }) => fromAcknowledgement.p50 },
  { title: 'acknowledged → last page, p99 ms', of: ({ fromAcknowledgement }) => fromAcknowledgement.p99 },
  { title: 'acknowledged → last page, max ms', of: ({ fromAcknowledgement }) => fromAcknowledgement.max },
  { title: 'called → last page, p50 ms', of: ({ fromCall }) => fromCall.p50 },
  { title: 'called → last page, p99 ms', of: ({ fromCall }) => fromCall.p99 },
  { title: 'changes in one notice', of: ({ noticesPerChange }) => noticesPerChange },
  { title: 'gateway or server, CPU ms/change', of: ({ brokerCpuMs }) => brokerCpuMs },
  { title: 'ZooKeeper, CPU ms/change', of: ({ ensembleCpuMs }) => ensembleCpuMs },
  { title: 'ZooKeeper, packets/change', of: ({ packets }) => packets },
  { title: 'ZooKeeper, watches', of: ({ watches }) => watches },
  { title: 'all pages together, CPU ms/change', of: ({ viewersCpuMs }) => viewersCpuMs },
]

const NUMBER_WIDTH = 12

/** Figures side by side, and how many times zoogate's the others' are. */
export function fanoutTable(settings: FanoutSettings, result: FanoutResult): string {
  const { pages, changes, rounds } = settings
  const titleWidth = Math.max(...ROWS.map(({ title }) => title.length))
  const line = (title: string, cells: string[]) =>
    [title.padEnd(titleWidth), ...cells.map((cell) => cell.padStart(NUMBER_WIDTH))].join(' ')
  const rows = ROWS.map(({ title, of }) => {
    const [views, watches, rooms] = [result.zoogate, result.classic, result['socket.io']].map(of) as [
      number | null,
      number | null,
      number | null,
    ]
    return line(title, [
      ...[views, watches, rooms].map(shown),
      ...[watches, rooms].map((other) => ratio(other, views)),
    ])
  })
  return [
    `one member changes, ${pages} pages look; ${rounds} rounds of ${changes} changes, idle load taken off`,
    line('', ['zoogate', 'classic', 'socket.io', 'classic ×', 'socket.io ×']),
    ...rows,
  ].join('\n')
}

function shown(value: number | null): string {
  if (value === null) return '–'
  return value >= 100 ? value.toFixed(0) : value.toFixed(2)
}

function ratio(other: number | null, own: number | null): string {
  return other === null || own === null || own <= 0 ? '–' : `${(other / own).toFixed(1)}×`
}
