import { connect, createServer, type Socket } from 'node:net'

/** Spreads TCP connections over backends, as the load balancer in front of replicas does, without stickiness. */
export interface Balancer {
  readonly port: number
  close(): Promise<void>
}

/** A backend on the same machine that has not accepted by then is not running. */
const CONNECT_TIMEOUT_MS = 1_000

/** @param backends ports on 127.0.0.1. One that refuses is passed over. */
export async function startBalancer(backends: readonly number[]): Promise<Balancer> {
  const clients = new Set<Socket>()
  let turn = 0
  const server = createServer({ allowHalfOpen: true }, async (client) => {
    clients.add(client)
    client.once('close', () => clients.delete(client))
    // Without a listener an error would end the process; `close` follows.
    client.on('error', () => client.destroy())
    const first = turn++
    const order = backends.map((_, index) => backends[(first + index) % backends.length] as number)
    const backend = await firstThatAccepts(order)
    if (backend === null || client.destroyed) {
      backend?.destroy()
      client.resetAndDestroy()
      return
    }
    join(client, backend)
  })
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the balancer listens on no TCP port')
  return {
    port: address.port,
    close: async () => {
      for (const client of clients) client.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function firstThatAccepts(ports: number[]): Promise<Socket | null> {
  for (const port of ports) {
    const socket = await tryConnect(port)
    if (socket !== null) return socket
  }
  return null
}

function tryConnect(port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, timeout: CONNECT_TIMEOUT_MS })
    socket.on('error', () => {
      socket.destroy()
      resolve(null)
    })
    socket.once('timeout', () => {
      socket.destroy()
      resolve(null)
    })
    socket.once('connect', () => {
      socket.setTimeout(0)
      resolve(socket)
    })
  })
}

/** Bytes, ends and breaks of one side reach the other. */
function join(client: Socket, backend: Socket): void {
  for (const [from, to] of [
    [client, backend],
    [backend, client],
  ] as const) {
    from.setNoDelay(true)
    from.pipe(to)
    from.once('close', () => to.destroySoon())
  }
}
