import { type Checker, grouped, type Violation } from '../history.js'
import type { TenureRow } from '../record.js'

/** The fault between two tenures of one lock, the earlier one first; null where there is none. */
const successions =
  (rule: string, wrong: (before: TenureRow, tenure: TenureRow) => boolean): Checker =>
  ({ tenures }) =>
    [...grouped(tenures, ({ lock }) => lock).values()].flatMap((rows) => {
      const inOrder = rows.sort((a, b) => a.from - b.from)
      return inOrder.flatMap((tenure, index): Violation[] => {
        const before = inOrder.slice(0, index).find((other) => wrong(other, tenure))
        if (before === undefined) return []
        const held = `${before.page} (token ${before.token}, until ${before.to})`
        const message = `${tenure.page}: held ${tenure.lock} from ${tenure.from} (token ${tenure.token}), after ${held}`
        return [{ rule, message, at: tenure.from }]
      })
    })

/**
 * A page that a recipe names as the holder is the only one, by the holders' own word and with no allowance: neither for
 * pages that sleep, which the recipe has to see when they wake, nor for sessions that have ended.
 */
export const recipesExclude = successions('recipesExclude', (before, tenure) => tenure.from <= before.to)

/** Later holders have larger fencing tokens. */
export const fencingTokensGrow = successions(
  'fencingTokensGrow',
  (before, tenure) => tenure.token <= before.token,
)
