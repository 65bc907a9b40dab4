import { describe, expect, it } from 'vitest'
import { CHECKERS, findViolations } from '../../chaos/checkers/index.js'
import type { History } from '../../chaos/history.js'
import {
  call,
  event,
  goodHistory,
  OTHER_SESSION,
  SESSION,
  transaction,
} from '../../tools/chaos/good-history.js'

type Rule = keyof typeof CHECKERS

const REGISTER = '/chaos/registers/0-0'

/** A fault, as a change of the good history; `says` is part of the checker's message. */
interface Doctored {
  rule: Rule
  wrong: string
  says: string
  doctor(history: History): void
}

/** The one call that writes or reads this value. */
function valued(history: History, value: string) {
  const found = history.calls.find((row) => row.value === value)
  if (!found) throw new Error(`no call with value ${value}`)
  return found
}

function executed(history: History, zxid: number) {
  const found = history.transactions.find((row) => row.zxid === zxid)
  if (!found) throw new Error(`no transaction ${zxid}`)
  return found
}

const DOCTORED: Doctored[] = [
  {
    rule: 'registersAreLinearizable',
    wrong: 'a fresh read shows what was overwritten before it began',
    says: REGISTER,
    doctor: ({ calls }) => {
      calls.push(call(160, { op: 'getData', path: REGISTER, value: 'a', version: 0, freshSince: 155 }))
    },
  },
  {
    rule: 'registersAreLinearizable',
    wrong: 'two conditional writes on one version succeed',
    says: 'setData of p0-0',
    doctor: ({ calls }) => {
      calls.push(call(160, { op: 'setData', path: REGISTER, value: 'z', expected: 0, version: 1 }))
    },
  },
  {
    rule: 'registersAreLinearizable',
    wrong: 'a write of unknown outcome is seen before it was issued',
    says: 'getData of p0-0',
    doctor: ({ calls }) => {
      calls.push(call(160, { op: 'getData', path: REGISTER, value: 'u', version: 2, freshSince: 155 }))
      calls.push(
        call(161, { op: 'setData', path: REGISTER, value: 'u', outcome: 'unknown', code: 'TIMED_OUT' }),
      )
    },
  },
  {
    rule: 'outcomesAreTrue',
    wrong: 'an acknowledged write is in no log',
    says: 'was acknowledged, but is in no log',
    doctor: (history) => {
      history.transactions = history.transactions.filter(({ value }) => value !== 'b')
    },
  },
  {
    rule: 'outcomesAreTrue',
    wrong: 'a write that failed as not executed was executed',
    says: 'was executed, but failed as not executed',
    doctor: ({ transactions }) => {
      transactions.push(transaction(30, { type: 'setData', path: REGISTER, value: 'c' }))
    },
  },
  {
    rule: 'outcomesAreTrue',
    wrong: 'a write of unknown outcome was executed twice',
    says: 'was executed 2 times',
    doctor: ({ calls, transactions }) => {
      calls.push(call(30, { op: 'setData', path: REGISTER, value: 'u', outcome: 'unknown' }))
      for (const zxid of [30, 31]) {
        transactions.push(transaction(zxid, { type: 'setData', path: REGISTER, value: 'u' }))
      }
    },
  },
  {
    rule: 'outcomesAreTrue',
    wrong: 'a write was executed for another session',
    says: `was executed by ${SESSION}`,
    doctor: (history) => {
      executed(history, 13).session = SESSION
    },
  },
  {
    rule: 'outcomesAreTrue',
    wrong: 'a reply names another transaction than the one that was executed',
    says: 'was acknowledged at 99, executed at 13',
    doctor: (history) => {
      valued(history, 'b').mzxid = 99
    },
  },
  {
    rule: 'repliesComeInOrder',
    wrong: 'an answer overtakes an earlier one',
    says: 'the answer to call 1 came after the one to call 2',
    doctor: ({ calls }) => {
      for (const row of calls) if (row.issued === 1) row.arrived = 2.5
    },
  },
  {
    rule: 'viewsNeverGoBack',
    wrong: 'a read shows a node as it was before its session saw the change',
    says: 'showed the state of zxid 11',
    doctor: ({ calls }) => {
      calls.push(call(160, { op: 'getData', path: REGISTER, value: 'a', version: 0, czxid: 11, mzxid: 11 }))
    },
  },
  {
    rule: 'viewsNeverGoBack',
    wrong: 'a read does not show what the session must know from a newer node',
    says: 'but the session had seen 12',
    doctor: ({ calls, transactions }) => {
      transactions.unshift(transaction(5, { type: 'setData', path: '/q', value: 'q1' }))
      transactions.unshift(transaction(4, { type: 'create', path: '/q', value: 'q0' }))
      calls.push(call(2.5, { op: 'getData', path: '/q', value: 'q0', version: 0, czxid: 4, mzxid: 4 }))
    },
  },
  {
    rule: 'eventsComeFirst',
    wrong: 'a read shows the change before its event',
    says: `before the event for ${REGISTER}`,
    doctor: ({ events }) => {
      for (const row of events) row.arrived = 7.5
    },
  },
  {
    rule: 'eventsComeFirst',
    wrong: 'the event never comes',
    says: `before the event for ${REGISTER}`,
    doctor: (history) => {
      history.events = []
    },
  },
  {
    rule: 'eventsComeFirst',
    wrong: 'a watch fires twice',
    says: 'was not set, or fired twice',
    doctor: ({ events }) => {
      events.push(event(6.5, { path: REGISTER, watch: 'w' }))
    },
  },
  {
    rule: 'endedSessionsDoNothing',
    wrong: 'a write is executed for a session after its end',
    says: 'setData /late was executed for it at 191',
    doctor: ({ transactions }) => {
      transactions.push(transaction(191, { type: 'setData', path: '/late', value: 'late' }))
    },
  },
  {
    rule: 'sessionsHaveOnePage',
    wrong: 'two pages have one session',
    says: 'was the session of p0-0/0 and of p1-0/0',
    doctor: ({ sessions }) => {
      for (const row of sessions) row.id = SESSION
    },
  },
  {
    rule: 'noGhosts',
    wrong: 'a session outlives its page',
    says: 'p0-0: 0xa lived for 49849 ms after its page was last heard',
    doctor: (history) => {
      history.settings.calmTo = 60_000
      history.settings.calmTo = 60_000
      executed(history, 190).wallMs = 50_000
    },
  },
  {
    rule: 'noGhosts',
    wrong: 'a page comes back after a long silence, and its session is still there',
    says: 'p0-0: 0xa lived for 19849 ms',
    doctor: ({ silences, transactions, settings }) => {
      settings.calmTo = 30_000
      silences[0] = { kind: 'silence', page: 'p0-0', from: 151, to: 20_000 }
      transactions.pop()
    },
  },
  {
    rule: 'noGhosts',
    wrong: 'a session outlives its page, and a fault begins only afterwards',
    says: 'lived for 49849 ms',
    doctor: (history) => {
      history.settings.calmTo = 60_000
      executed(history, 190).wallMs = 50_000
      history.faults.push({ kind: 'fault', name: 'kill leader', scope: 'ensemble', from: 49_000, to: 51_000 })
    },
  },
  {
    rule: 'noGhosts',
    wrong: 'a session outlives its frozen page, which is no excuse',
    says: 'after its page was last heard',
    doctor: (history) => {
      history.settings.calmTo = 60_000
      executed(history, 190).wallMs = 50_000
      history.faults.push({ kind: 'fault', name: 'freeze', scope: { process: 0 }, from: 151, to: 50_000 })
    },
  },
  {
    rule: 'noSessionIsLostWithoutCause',
    wrong: 'a session expires without any fault',
    says: 'p0-0: 0xa expired although only 0 ms',
    doctor: ({ states }) => expire(states),
  },
  {
    rule: 'noSessionIsLostWithoutCause',
    wrong: 'a session expires while the pages of another process are frozen',
    says: 'expired although only 0 ms',
    doctor: ({ states, faults }) => {
      expire(states)
      faults.push({ kind: 'fault', name: 'freeze', scope: { process: 1 }, from: -20_000, to: 190 })
    },
  },
  {
    rule: 'ephemeralsStay',
    wrong: 'the ephemeral node of a living session is gone',
    says: 'created at 12, was gone',
    doctor: ({ calls }) => {
      calls.push(call(160, { op: 'exists', path: '/chaos/presence/p0-0-0', found: false }))
    },
  },
  {
    rule: 'ephemeralsStay',
    wrong: 'the ephemeral node of a living session is another one',
    says: 'was another one of 77',
    doctor: ({ calls }) => {
      calls.push(call(160, { op: 'exists', path: '/chaos/presence/p0-0-0', found: true, czxid: 77 }))
    },
  },
  {
    rule: 'everyPageRecovers',
    wrong: 'a page does not come back after the last fault',
    says: 'p1-0: no call succeeded',
    doctor: (history) => {
      history.calls = history.calls.filter(({ issued }) => issued !== 151)
    },
  },
  {
    rule: 'sequenceNumbersGrow',
    wrong: 'a number is given twice',
    says: 'y-0000000000, created at 15, comes after',
    doctor: (history) => {
      valued(history, 'y').made = '/chaos/locks/l/y-0000000000'
    },
  },
  {
    rule: 'locksAreExclusive',
    wrong: 'two pages hold a lock while both sessions live',
    says: 'p1-0 (fence 1) held it from 18',
    doctor: ({ holds }) => {
      for (const row of holds) if (row.fence === 1) row.from = 18
    },
  },
  {
    rule: 'locksAreExclusive',
    wrong: 'a lock is held twice with one fence',
    says: 'as did p0-0 (fence 1',
    doctor: ({ holds }) => {
      for (const row of holds) row.fence = 1
    },
  },
  {
    rule: 'recipesExclude',
    wrong: 'a recipe admits the next holder before the last one was told',
    says: 'p1-0: held r from 70 (token 61), after p0-0 (token 60, until 71)',
    doctor: ({ tenures }) => {
      for (const row of tenures) if (row.token === 60) row.to = 71
    },
  },
  {
    rule: 'fencingTokensGrow',
    wrong: 'a later holder has the smaller fencing token',
    says: 'p1-0: held r from 70 (token 58), after p0-0 (token 60',
    doctor: ({ tenures }) => {
      for (const row of tenures) if (row.token === 61) row.token = 58
    },
  },
  {
    rule: 'fencingTokensGrow',
    wrong: 'two holders have one fencing token',
    says: 'token 60), after p0-0',
    doctor: ({ tenures }) => {
      for (const row of tenures) if (row.token === 61) row.token = 60
    },
  },
  {
    rule: 'onlyHoldersWrite',
    wrong: 'a page writes behind a lock that another one holds',
    says: `${OTHER_SESSION} wrote /chaos/fences/l at 16, while ${SESSION} held the lock`,
    doctor: (history) => {
      executed(history, 16).session = OTHER_SESSION
    },
  },
  {
    rule: 'onlyHoldersWrite',
    wrong: 'a page writes behind a lock after its node went with its session',
    says: 'at 191',
    doctor: ({ transactions }) => {
      transactions.push(transaction(191, { type: 'setData', path: '/chaos/fences/l', value: 'x2' }))
    },
  },
]

function expire(states: History['states']): void {
  states.push({ kind: 'state', page: 'p0-0', epoch: 0, at: 190, state: 'CLOSED', reason: 'expired' })
}

describe('the checkers', () => {
  it('find no fault in a good run', () => {
    expect(findViolations(goodHistory())).toEqual([])
  })

  it.each(DOCTORED)('$rule objects when $wrong', ({ rule, says, doctor }) => {
    const history = goodHistory()
    doctor(history)
    const violations = CHECKERS[rule](history)
    expect(violations).toMatchObject([{ rule }])
    expect(violations[0]?.message).toContain(says)
  })

  it('are each shown at least one run that breaks their rule', () => {
    expect(new Set(DOCTORED.map(({ rule }) => rule))).toEqual(new Set(Object.keys(CHECKERS)))
  })

  it('do not blame a loss that a fault explains', () => {
    const history = goodHistory()
    expire(history.states)
    history.settings.calmTo = 60_000
    executed(history, 190).wallMs = 50_000
    history.faults.push({ kind: 'fault', name: 'all servers down', scope: 'ensemble', from: 151, to: 48_000 })
    expect(CHECKERS.noGhosts(history)).toEqual([])
    expect(CHECKERS.noSessionIsLostWithoutCause(history)).toEqual([])
  })

  it('let a hold end where its session was last known to live', () => {
    const history = goodHistory()
    for (const row of history.holds) if (row.fence === 0) row.to = 1_000
    history.calls = history.calls.filter(({ issued, page }) => page !== 'p0-0' || issued < 30)
    expect(CHECKERS.locksAreExclusive(history)).toEqual([])
  })
})
