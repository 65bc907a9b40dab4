import type { Random } from '../tools/seeded-random.js'

/** The means of an attack. */
export interface Attacker {
  /** Of the gateway's HTTP server. */
  http: string
  /** Of its WebSockets. */
  url: string
  /** The loopback address that this attacker comes from. */
  from: string
  random: Random
  /** A good token, which allows what it likes below `/attack`. */
  token(sub: string): string
  /** Resolves after these milliseconds, or when the siege ends. */
  hold(ms: number): Promise<void>
}

/** One round of an attack. It ends by itself, leaves nothing open, and throws when the gateway breaks a rule. */
export type Attack = (attacker: Attacker) => Promise<void>

export function times<T>(count: number, make: (at: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, at) => make(at)))
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T
}
