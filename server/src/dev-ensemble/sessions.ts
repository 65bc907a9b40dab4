import type { Clock } from './clock.js'

/** One client's session, wherever its connections are. */
export interface Session {
  readonly id: bigint
  /** As the last attach negotiated it. */
  timeoutMs: number
  /** In the clock's milliseconds; the end of a tick. */
  expiresAt: number
  /** The index of the server of its newest attach: other servers refuse its writes. */
  server: number
}

/** The live sessions, and when each would end. */
export class Sessions {
  readonly #clock: Pick<Clock, 'now' | 'wallTime'>
  readonly #tickTimeMs: number
  readonly #sessions = new Map<bigint, Session>()
  #nextId: bigint

  constructor(clock: Pick<Clock, 'now' | 'wallTime'>, tickTimeMs: number) {
    this.#clock = clock
    this.#tickTimeMs = tickTimeMs
    // The upper bits are the time: an ensemble that starts later gives no id of an earlier ensemble.
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

  /** The session has said something. Sessions end only at the end of a tick, and never before their timeout. */
  touch(session: Session): void {
    const earliest = this.#clock.now() + session.timeoutMs
    session.expiresAt = (Math.floor(earliest / this.#tickTimeMs) + 1) * this.#tickTimeMs
  }

  /** For a new leader, which has heard of no session yet. */
  touchAll(): void {
    for (const session of this.#sessions.values()) this.touch(session)
  }

  /** The sessions past their timeout, the longest overdue first. */
  overdue(): Session[] {
    const now = this.#clock.now()
    const overdue = [...this.#sessions.values()].filter(({ expiresAt }) => expiresAt <= now)
    return overdue.sort((a, b) => a.expiresAt - b.expiresAt)
  }

  remove(id: bigint): void {
    this.#sessions.delete(id)
  }
}

// ZooKeeper computes a session's password from its id, with Java's pseudo-random generator and this constant. Thus a
// password is valid on every server, and no server stores it.
const SUPER_SECRET = 0xb3415c00n

const MULTIPLIER = 0x5deece66dn
const INCREMENT = 0xbn
const SEED_BITS = 48
const PASSWORD_BYTES = 16

/** The result of java.util.Random(sessionId ^ SUPER_SECRET).nextBytes(16). */
export function sessionPassword(sessionId: bigint): Buffer {
  const password = Buffer.alloc(PASSWORD_BYTES)
  let seed = BigInt.asUintN(SEED_BITS, sessionId ^ SUPER_SECRET ^ MULTIPLIER)
  for (let at = 0; at < PASSWORD_BYTES; at += 4) {
    seed = BigInt.asUintN(SEED_BITS, seed * MULTIPLIER + INCREMENT)
    password.writeUInt32LE(Number(seed >> 16n), at)
  }
  return password
}
