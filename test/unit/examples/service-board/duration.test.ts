import { expect, it } from 'vitest'
import { duration, roughly } from '../../../../examples/service-board/src/duration.js'

it.each([
  [-5, '0 s', '0 s'],
  [59_999, '59 s', '59 s'],
  [60_000, '1 min', '1 min'],
  [200_000, '3 min 20 s', '3 min'],
  [18_600_000, '5 h 10 min', '5 h'],
  [86_400_000 * 12 + 1, '12 days', '12 days'],
])('%d ms are %s, and roughly %s', (ms, exactly, about) => {
  expect([duration(ms), roughly(ms)]).toEqual([exactly, about])
})
