// Times and durations for a wall display, in their largest units.

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

/** `14:03:22` */
export function clockTime(at: number): string {
  return CLOCK.format(at)
}

/** `4 s`, `3 min 20 s`, `5 h 10 min`, `12 days` */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return both(minutes, 'min', seconds % 60, 's')
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? both(hours, 'h', minutes % 60, 'min') : `${Math.floor(hours / 24)} days`
}

/** The same without the smaller unit, for a text that is read from afar and changes all the time. */
export function roughly(ms: number): string {
  return duration(ms).replace(/(?<=\D) \d+ \w+$/, '')
}

function both(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}
