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
