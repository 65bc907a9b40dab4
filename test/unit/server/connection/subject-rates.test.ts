import { expect, it } from 'vitest'
import { SubjectRates } from '../../../../server/src/connection/subject-rates.js'
import { DEFAULT_LIMITS } from '../../../../server/src/limits/limits.js'

it('a subject has one rate for all its pages, which is forgotten with the last of them', () => {
  const rates = new SubjectRates({ ...DEFAULT_LIMITS, maxMessagesPerSecondPerSubject: 100 }, () => 0)
  const [first, second] = [rates.join('ada', '/a'), rates.join('ada', '/a')]
  first.rate.spend(200, 0, 0)
  expect(second.rate.wait(0)).toEqual({ limit: 'maxMessagesPerSecondPerSubject', ms: 10 })
  expect(rates.join('ada', '/b').rate.wait(0)).toBeNull()
  expect(rates.join('grace', '/a').rate.wait(0)).toBeNull()
  expect(rates.size).toBe(3)
  first.leave()
  expect(rates.size).toBe(3)
  second.leave()
  expect(rates.size).toBe(2)
  expect(rates.join('ada', '/a').rate.wait(0)).toBeNull()
})
