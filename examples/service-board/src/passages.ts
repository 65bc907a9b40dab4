// Compares two looks at the services: instances that joined, instances that left and their time there, new leaders.

import type { Service } from './catalogue.js'

interface InstanceRef {
  readonly service: string
  /** Name of the instance. */
  readonly name: string
}

export type Passage =
  /** `at` is the ensemble's time of registration, which may be before the first look. */
  | (InstanceRef & { kind: 'joined'; at: number })
  /** When not `seen`, it left at some time up to `at`. */
  | (InstanceRef & { kind: 'left'; at: number; livedMs: number; seen: boolean })
  /** `after`: the leader before; null for the first leader. */
  | (InstanceRef & { kind: 'leads'; at: number; after: string | null })

/** The later look. */
export interface Look {
  at: number
  /** True when no change was missed since the look before. */
  seen: boolean
}

/** Departures first, then arrivals by their time, then new leaders. */
export function passages(before: readonly Service[], now: readonly Service[], look: Look): Passage[] {
  const { at, seen } = look
  const then = new Map(births(before))
  const here = new Map(births(now))
  const left = [...then].flatMap(([born, { joinedAt, ...instance }]): Passage[] =>
    // Page and ensemble have clocks of their own, and a difference must not make a time negative.
    here.has(born) ? [] : [{ kind: 'left', ...instance, at, livedMs: Math.max(0, at - joinedAt), seen }],
  )
  const joined = [...here].flatMap(([born, { joinedAt, ...instance }]): Passage[] =>
    then.has(born) ? [] : [{ kind: 'joined', ...instance, at: joinedAt }],
  )
  joined.sort((one, other) => one.at - other.at)
  return [...left, ...joined, ...successions(before, now, look)]
}

function births(services: readonly Service[]): [bigint, InstanceRef & { joinedAt: number }][] {
  return services.flatMap(({ name: service, instances }) =>
    instances.map(({ born, name, joinedAt }): [bigint, InstanceRef & { joinedAt: number }] => [
      born,
      { service, name, joinedAt },
    ]),
  )
}

/** The leader of a service that appears after a gap or at the first look is no news. */
function successions(before: readonly Service[], now: readonly Service[], { at, seen }: Look): Passage[] {
  const leaders = new Map(before.map(({ name, leader }) => [name, leader]))
  return now.flatMap(({ name: service, leader }): Passage[] => {
    const after = leaders.get(service) ?? null
    const isNews = leader !== null && leader !== after && (seen || leaders.has(service))
    return isNews ? [{ kind: 'leads', service, name: leader, at, after }] : []
  })
}
