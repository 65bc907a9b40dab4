import { describe, expect, it } from 'vitest'
import { Warnings } from '../../../../server/src/telemetry/log.js'

describe('warnings', () => {
  it('report each kind of fault once a minute, with the number of its repetitions', () => {
    const lines: unknown[] = []
    const nothing = () => undefined
    const log = {
      debug: nothing,
      info: nothing,
      error: nothing,
      warn: (...line: unknown[]) => lines.push(line),
    }
    let now = 0
    const warnings = new Warnings(log, () => now)
    for (let at = 0; at < 5; at += 1) warnings.report('tls', 'look at the certificates')
    warnings.report('throttled', 'slow down')
    now = 60_000
    warnings.report('tls', 'look at the certificates')
    warnings.report('tls', 'look at the certificates')
    expect(lines).toEqual([
      [{ kind: 'tls', more: 0 }, 'look at the certificates'],
      [{ kind: 'throttled', more: 0 }, 'slow down'],
      [{ kind: 'tls', more: 4 }, 'look at the certificates'],
    ])
  })
})
