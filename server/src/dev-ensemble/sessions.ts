import type { Clock } from './clock.js'

/** One client's session, wherever its connections are. */
export interface Session {
  readonly id: bigint
  /** What the last attach negotiated. */
  timeoutMs: number
  /** In the clock's milliseconds; the end of a tick. */
  expiresAt: number
  /** The index of the server that it was attached over last: writes over others are refused. */
  server: number
}

/** The sessions that live, and when each would end. */
export class Sessions {
  readonly #clock: Pick<Clock, 'now' | 'wallTime'>
  readonly #tickTimeMs: number
  readonly #sessions = new Map<bigint, Session>()
  #nextId: bigint

  constructor(clock: Pick<Clock, 'now' | 'wallTime'>, tickTimeMs: number) {
    this.#clock = clock
    this.#tickTimeMs = tickTimeMs
    // The time in the upper bits, so that an ensemble started later hands out no id of an earlier one.
    this.#nextId = BigInt.asUintN(56, BigInt(clock.wallTime()) << 16n)
  }

  get size(): number {
    return this.#sessions.size
  }

  [Symbol.iterator](): IterableIterator<Session> {
    return this.#sessions.values()
  }

  get(id: bigint): Session | undefined {
    return this.#sessions.get(id)
  }

  open(server: number, timeoutMs: number): Session {
    // As in ZooKeeper, the top byte is the number of the server that opened it, counted from 1.
    const id = (BigInt(server + 1) << 56n) | this.#nextId++
    const session = { id, timeoutMs, expiresAt: 0, server }
    this.touch(session)
    this.#sessions.set(id, session)
    return session
  }

  /** Something was heard of it. Sessions end at ends of ticks only, never before their timeout has passed. */
  touch(session: Session): void {
    const earliest = this.#clock.now() + session.timeoutMs
    session.expiresAt = (Math.floor(earliest / this.#tickTimeMs) + 1) * this.#tickTimeMs
  }

  /** What a new leader does: it has not heard of anybody yet. */
  touchAll(): void {
    for (const session of this.#sessions.values()) this.touch(session)
  }

  /** Those whose time is over, the longest overdue first. */
  overdue(): Session[] {
    const now = this.#clock.now()
    const overdue = [...this.#sessions.values()].filter(({ expiresAt }) => expiresAt <= now)
    return overdue.sort((a, b) => a.expiresAt - b.expiresAt)
  }

  remove(id: bigint): void {
    this.#sessions.delete(id)
  }
}

// ZooKeeper computes a session's password from its id, with Java's pseudo-random generator and this constant of its
// own. Doing the same keeps passwords valid on every server without anybody storing them.
const SUPER_SECRET = 0xb3415c00n

const MULTIPLIER = 0x5deece66dn
const INCREMENT = 0xbn
const SEED_BITS = 48
const PASSWORD_BYTES = 16

/** What java.util.Random(sessionId ^ SUPER_SECRET).nextBytes(16) gives. */
export function sessionPassword(sessionId: bigint): Buffer {
  const password = Buffer.alloc(PASSWORD_BYTES)
  let seed = BigInt.asUintN(SEED_BITS, sessionId ^ SUPER_SECRET ^ MULTIPLIER)
  for (let at = 0; at < PASSWORD_BYTES; at += 4) {
    seed = BigInt.asUintN(SEED_BITS, seed * MULTIPLIER + INCREMENT)
    password.writeUInt32LE(Number(seed >> 16n), at)
  }
  return password
}
