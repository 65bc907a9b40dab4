import type { History } from '../../chaos/history.js'
import type { CallRow, EventRow } from '../../chaos/record.js'
import type { Transaction } from '../../chaos/transaction-log.js'

/** Numbers that hold for all rows unless a test says otherwise. */
const TIMEOUT_MS = 10_000

export const SESSION = '0xa'
export const OTHER_SESSION = '0xb'

/** An ok call of page p0-0, issued and answered as number `at`, from `at` to `at + 0.5` ms. */
export function call(at: number, row: Partial<CallRow> & Pick<CallRow, 'op' | 'path'>): CallRow {
  const timing = { issued: at, arrived: at, start: at, end: at + 0.5 }
  return { kind: 'call', page: 'p0-0', epoch: 0, outcome: 'ok', ...timing, ...row }
}

export function event(at: number, row: Pick<EventRow, 'path' | 'watch'> & Partial<EventRow>): EventRow {
  return { kind: 'event', page: 'p0-0', epoch: 0, arrived: at, at, type: 'NodeDataChanged', ...row }
}

/** A transaction, dated by its zxid. */
export function transaction(
  zxid: number,
  row: Partial<Transaction> & Pick<Transaction, 'type'>,
): Transaction {
  const body = { path: '', value: '', isEphemeral: false }
  return { zxid, session: SESSION, wallMs: zxid, ...body, ...row }
}

const REGISTER = '/chaos/registers/0-0'
const PRESENCE = '/chaos/presence/p0-0-0'
const LOCK = '/chaos/locks/l'

/** A short good run with a row of each kind. */
export function goodHistory(): History {
  const other = { page: 'p1-0', epoch: 0 }
  return {
    settings: {
      seed: 1,
      sessionTimeoutMs: TIMEOUT_MS,
      tickTimeMs: 500,
      processes: 2,
      wallOffsetMs: 0,
      calmFrom: 100,
      calmTo: 200,
    },
    calls: [
      call(1, { op: 'create', path: REGISTER, value: 'a', made: REGISTER, version: 0, czxid: 11, mzxid: 11 }),
      call(2, {
        op: 'create',
        path: PRESENCE,
        value: 'here',
        made: PRESENCE,
        version: 0,
        czxid: 12,
        mzxid: 12,
      }),
      call(3, { op: 'getData', path: REGISTER, value: 'a', version: 0, czxid: 11, mzxid: 11, watch: 'w' }),
      call(4, { op: 'exists', path: PRESENCE, found: true, version: 0, czxid: 12, mzxid: 12 }),
      call(5, { op: 'setData', path: REGISTER, value: 'b', expected: 0, version: 1, ...zxids(13), ...other }),
      call(7, { op: 'getData', path: REGISTER, value: 'b', version: 1, ...zxids(13), freshSince: 6 }),
      call(8, {
        op: 'setData',
        path: REGISTER,
        value: 'c',
        expected: 0,
        outcome: 'not_executed',
        code: 'BAD_VERSION',
      }),
      call(9, { op: 'create', path: `${LOCK}/x-`, value: 'x', made: `${LOCK}/x-0000000000`, ...zxids(14) }),
      call(10, {
        op: 'create',
        path: `${LOCK}/y-`,
        value: 'y',
        made: `${LOCK}/y-0000000001`,
        ...zxids(15),
        ...other,
      }),
      call(20, { op: 'setData', path: '/chaos/fences/l', value: 'x1', version: 1, czxid: 1, mzxid: 16 }),
      call(40, {
        op: 'setData',
        path: '/chaos/fences/l',
        value: 'y1',
        version: 2,
        czxid: 1,
        mzxid: 18,
        ...other,
      }),
      call(150, { op: 'getData', path: REGISTER, value: 'b', version: 1, ...zxids(13) }),
      call(151, { op: 'getData', path: REGISTER, value: 'b', version: 1, ...zxids(13), ...other }),
    ],
    events: [event(6, { path: REGISTER, watch: 'w' })],
    states: [
      { kind: 'state', page: 'p0-0', epoch: 0, at: 0, state: 'CONNECTED', reason: null },
      { kind: 'state', ...other, at: 0, state: 'CONNECTED', reason: null },
    ],
    sessions: [
      { kind: 'session', page: 'p0-0', epoch: 0, at: 0, id: SESSION, timeoutMs: TIMEOUT_MS },
      { kind: 'session', ...other, at: 0, id: OTHER_SESSION, timeoutMs: TIMEOUT_MS },
    ],
    silences: [{ kind: 'silence', page: 'p0-0', from: 151, to: Number.MAX_SAFE_INTEGER }],
    holds: [
      { kind: 'hold', page: 'p0-0', epoch: 0, lock: 'l', fence: 0, from: 15, to: 25 },
      { kind: 'hold', ...other, lock: 'l', fence: 1, from: 35, to: 45 },
    ],
    tenures: [
      { kind: 'tenure', page: 'p0-0', epoch: 0, lock: 'r', token: 60, from: 60, to: 64 },
      { kind: 'tenure', ...other, lock: 'r', token: 61, from: 70, to: 74 },
      { kind: 'tenure', page: 'p0-0', epoch: 0, lock: 'other', token: 59, from: 62, to: 72 },
    ],
    faults: [],
    transactions: [
      transaction(11, { type: 'create', path: REGISTER, value: 'a' }),
      transaction(12, { type: 'create', path: PRESENCE, value: 'here', isEphemeral: true }),
      transaction(13, { type: 'setData', path: REGISTER, value: 'b', session: OTHER_SESSION }),
      transaction(14, { type: 'create', path: `${LOCK}/x-0000000000`, value: 'x', isEphemeral: true }),
      transaction(15, {
        type: 'create',
        path: `${LOCK}/y-0000000001`,
        value: 'y',
        isEphemeral: true,
        session: OTHER_SESSION,
      }),
      transaction(16, { type: 'setData', path: '/chaos/fences/l', value: 'x1' }),
      transaction(17, { type: 'delete', path: `${LOCK}/x-0000000000` }),
      transaction(18, { type: 'setData', path: '/chaos/fences/l', value: 'y1', session: OTHER_SESSION }),
      transaction(190, { type: 'closeSession' }),
    ],
  }
}

function zxids(zxid: number): { czxid: number; mzxid: number } {
  return { czxid: zxid, mzxid: zxid }
}
