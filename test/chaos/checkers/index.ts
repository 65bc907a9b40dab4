import type { History, Violation } from '../history.js'
import { locksAreExclusive, onlyHoldersWrite, sequenceNumbersGrow } from './locks.js'
import { outcomesAreTrue } from './outcomes.js'
import { fencingTokensGrow, recipesExclude } from './recipes.js'
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
  recipesExclude,
  fencingTokensGrow,
}

export function findViolations(history: History): Violation[] {
  return Object.values(CHECKERS).flatMap((check) => check(history))
}
