// What happened between two looks at the services: who came, who went and for how long it had been there, and who
// leads now.

import type { Service } from './catalogue.js'

interface Who {
  readonly service: string
  /** The instance. */
  readonly name: string
}

export type Passage =
  /** `at` by the ensemble's clock, also for those who came before anybody looked. */
  | (Who & { kind: 'joined'; at: number })
  /** Where it was not `seen`, it left at some time up to `at`. */
  | (Who & { kind: 'left'; at: number; livedMs: number; seen: boolean })
  /** `after`: who led before; null for the first one. */
  | (Who & { kind: 'leads'; at: number; after: string | null })

/** The later look. */
export interface Look {
  at: number
  /** Whether nothing was missed since the look before. */
  seen: boolean
}

/** In the order in which they are told: who left, who came, who leads. Those who came are in the order of coming. */
export function passages(before: readonly Service[], now: readonly Service[], look: Look): Passage[] {
  const { at, seen } = look
  const then = new Map(births(before))
  const here = new Map(births(now))
  const left = [...then].flatMap(([born, { joinedAt, ...who }]): Passage[] =>
    // Two clocks: one that is behind must not make a life negative.
    here.has(born) ? [] : [{ kind: 'left', ...who, at, livedMs: Math.max(0, at - joinedAt), seen }],
  )
  const joined = [...here].flatMap(([born, { joinedAt, ...who }]): Passage[] =>
    then.has(born) ? [] : [{ kind: 'joined', ...who, at: joinedAt }],
  )
  joined.sort((one, other) => one.at - other.at)
  return [...left, ...joined, ...successions(before, now, look)]
}

function births(services: readonly Service[]): [bigint, Who & { joinedAt: number }][] {
  return services.flatMap(({ name: service, instances }) =>
    instances.map(({ born, name, joinedAt }): [bigint, Who & { joinedAt: number }] => [
      born,
      { service, name, joinedAt },
    ]),
  )
}

/** Who leads a service that was found after a gap, or at the first look, is no news. */
function successions(before: readonly Service[], now: readonly Service[], { at, seen }: Look): Passage[] {
  const leaders = new Map(before.map(({ name, leader }) => [name, leader]))
  return now.flatMap(({ name: service, leader }): Passage[] => {
    const after = leaders.get(service) ?? null
    const isNews = leader !== null && leader !== after && (seen || leaders.has(service))
    return isNews ? [{ kind: 'leads', service, name: leader, at, after }] : []
  })
}
