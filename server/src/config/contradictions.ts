import type { LimitSettings } from '../limits/limits.js'
import type { NodeAcl } from '../session/acl.js'
import { LIMIT_NAMES, LIMIT_SETTINGS } from './limit-settings.js'
import type { NumberSetting } from './setting.js'

/** Characters of JSON around the data of the largest reply: its stat, its id and the names of the fields. */
const REPLY_OVERHEAD_BYTES = 1_024
/** The smallest node in a view's message: a path like /a, and JSON like [0,null,"0x1",1700000000000]. */
const SMALLEST_VIEW_NODE_BYTES = 30

/** Turns an option, like `jwt.secret`, into the names under which an operator has set it. */
export type NameOf = (option: string) => string

export interface AccessOptions {
  access: 'rules' | 'open'
  rules: readonly unknown[]
  identitySecret?: string | undefined
  nodeAcl?: NodeAcl | undefined
}

interface CheckedOptions extends AccessOptions {
  cookie?: string | undefined
  allowedOrigins?: readonly string[] | undefined
  limits: LimitSettings
}

/** Settings that cannot be meant together: a line for each pair, which says what to change. */
export function contradictions(options: CheckedOptions, nameOf: NameOf): string[] {
  const problems = [...accessContradictions(options, nameOf), ...limitContradictions(options.limits, nameOf)]
  if (options.cookie !== undefined && options.allowedOrigins?.includes('*')) {
    const names = `${nameOf('cookie')} and ${nameOf('allowedOrigins')}`
    problems.push(
      `${names}: with a cookie, every origin would mean that any web page can act for its visitor; list the origins`,
    )
  }
  return problems
}

export function accessContradictions(
  { access, rules, identitySecret, nodeAcl }: AccessOptions,
  nameOf: NameOf,
): string[] {
  const problems: string[] = []
  if (access === 'open' && rules.length > 0) {
    problems.push(
      `${nameOf('access')}: open allows everything, and rules would have no effect; leave out one of them`,
    )
  }
  if (identitySecret === undefined && (nodeAcl === 'creator' || nodeAcl === 'creator_read')) {
    problems.push(
      `${nameOf('nodeAcl')}: ${nodeAcl} needs creators that the ensemble can tell apart; set ${nameOf('identitySecret')}`,
    )
  }
  return problems
}

function limitContradictions(limits: LimitSettings, nameOf: NameOf): string[] {
  const named = (name: keyof LimitSettings) => nameOf(LIMIT_SETTINGS[name].option)
  const problems = LIMIT_NAMES.flatMap((name) => {
    const { within }: NumberSetting = LIMIT_SETTINGS[name]
    if (within === undefined || limits[name] <= limits[within]) return []
    return [
      `${named(name)}: ${limits[name]} is more than ${named(within)} allows, ${limits[within]}; lower the first or raise the second`,
    ]
  })
  const { maxDataBytes, maxViewNodes, maxBufferedBytes } = limits
  const replyBytes = Math.ceil(maxDataBytes / 3) * 4 + REPLY_OVERHEAD_BYTES
  if (replyBytes > maxBufferedBytes) {
    problems.push(
      `${named('maxDataBytes')}: the reply with a node of ${maxDataBytes} bytes takes ${replyBytes}, more than may wait for a page; ` +
        `lower it, or raise ${named('maxBufferedBytes')} to ${replyBytes} or more`,
    )
  }
  const viewBytes = maxViewNodes * SMALLEST_VIEW_NODE_BYTES * 2
  if (viewBytes > maxBufferedBytes) {
    problems.push(
      `${named('maxViewNodes')}: a view of ${maxViewNodes} nodes never fits half of ${maxBufferedBytes} bytes; ` +
        `lower it, or raise ${named('maxBufferedBytes')} to ${viewBytes} or more`,
    )
  }
  return problems
}
