import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'

// Below the ranges from which Linux (32768) and macOS (49152) take the ports of outgoing connections. A port
// from these ranges may be taken while its server is down for a restart, and a client that redials it on
// loopback can even connect to itself.
const LOWEST = 15_000
const HIGHEST = 32_000

/** More misses in a row than a machine with half of the range in use would ever give. */
const MAX_ATTEMPTS_PER_PORT = 50

/**
 * Picks distinct loopback ports that no process listens on now. They are not held: another process may take one
 * before the caller does, so a caller that starts a server on them must be ready to pick again.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = []
  const ports: number[] = []
  // Each is held until all are found, so that none is picked twice.
  for (let misses = 0; ports.length < count; ) {
    const port = randomInt(LOWEST, HIGHEST)
    const server = await tryListen(port)
    if (server !== null) {
      held.push(server)
      ports.push(port)
    } else if (++misses > count * MAX_ATTEMPTS_PER_PORT) {
      throw new Error(`found no free TCP port between ${LOWEST} and ${HIGHEST} on 127.0.0.1`)
    }
  }
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

function tryListen(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve(server))
  })
}
