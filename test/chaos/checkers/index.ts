import type { History, Violation } from '../history.js'
import { locksAreExclusive, onlyHoldersWrite, sequenceNumbersGrow } from './locks.js'
import { outcomesAreTrue } from './outcomes.js'
import { registersAreLinearizable } from './registers.js'
import { eventsComeFirst, repliesComeInOrder, viewsNeverGoBack } from './session-order.js'
import {
  endedSessionsDoNothing,
  ephemeralsStay,
  everyPageRecovers,
  noGhosts,
  noSessionIsLostWithoutCause,
  sessionsHaveOnePage,
} from './sessions.js'

export const CHECKERS = {
  registersAreLinearizable,
  outcomesAreTrue,
  repliesComeInOrder,
  viewsNeverGoBack,
  eventsComeFirst,
  endedSessionsDoNothing,
  sessionsHaveOnePage,
  noGhosts,
  noSessionIsLostWithoutCause,
  ephemeralsStay,
  everyPageRecovers,
  sequenceNumbersGrow,
  locksAreExclusive,
  onlyHoldersWrite,
}

export function findViolations(history: History): Violation[] {
  return Object.values(CHECKERS).flatMap((check) => check(history))
}
