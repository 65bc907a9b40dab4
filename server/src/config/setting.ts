import type { LimitSettings } from '../limits/limits.js'

/** `needed`: a gateway does not start without. `usual`: most deployments set it. `rare`: its default is right for most. */
export const GROUPS = ['needed', 'usual', 'rare'] as const

/** `file`, `jsonFile`: the setting is a path; what counts is the text of that file, or the JSON value in it. */
export type Kind = 'text' | 'list' | 'boolean' | 'number' | 'file' | 'json' | 'jsonFile'

export interface Setting {
  kind: Kind
  group: (typeof GROUPS)[number]
  /** What the setting does. */
  says: string
  /** Where the value stands in the options of the library; absent for settings of the process only. */
  option?: string
  default?: string | number | boolean
  /** What happens without the setting, where it has no `default`. */
  otherwise?: string
  /** The values that are accepted. */
  choices?: readonly string[]
}

export interface NumberSetting extends Setting {
  kind: 'number'
  unit: 'milliseconds' | 'seconds' | 'bytes' | 'count' | 'port'
  default: number
  min: number
  max?: number
  /** A setting that this one cannot exceed. This one's default is lowered to it, a value above it is refused. */
  within?: keyof LimitSettings
}

/** The longest delay of a timer in JavaScript. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1
