import { fork } from 'node:child_process'
import { once } from 'node:events'

/** A server of socket.io in a process of its own. */
export interface SocketIoServer {
  port: number
  pid: number
  close(): Promise<void>
}

export async function startSocketIoServer(script: string): Promise<SocketIoServer> {
  const server = fork(script)
  const exited = once(server, 'exit')
  const [port] = (await Promise.race([
    once(server, 'message'),
    exited.then(([code]) => Promise.reject(new Error(`the socket.io server ended with ${code}`))),
  ])) as [number]
  return {
    port,
    pid: server.pid as number,
    close: async () => {
      server.kill('SIGKILL')
      await exited
    },
  }
}
