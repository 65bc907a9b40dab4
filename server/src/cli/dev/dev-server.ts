import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Gateway } from '../../gateway/gateway.js'

/** An HTTP server on loopback around a gateway, whose WebSockets can be broken on purpose. */
export class DevServer {
  readonly #gateway: Gateway
  readonly #server: Server
  readonly #upgraded = new Map<Duplex, IncomingMessage>()

  /** @param otherwise handles the requests that are not the gateway's */
  constructor(gateway: Gateway, otherwise: (request: IncomingMessage, response: ServerResponse) => void) {
    this.#gateway = gateway
    this.#server = createServer((request, response) => {
      if (!gateway.handleRequest(request, response)) otherwise(request, response)
    })
    this.#server.on('upgrade', (request, socket, head) => {
      this.#upgraded.set(socket, request)
      socket.on('close', () => this.#upgraded.delete(socket))
      gateway.handleUpgrade(request, socket, head)
    })
  }

  /** @returns the port; for 0 the port that the system chose */
  async listen(port: number): Promise<number> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  /** Ends the WebSockets with a fitting upgrade request as a broken network does: without a close frame. */
  cutPages(fits: (upgrade: IncomingMessage) => boolean = () => true): void {
    for (const [socket, upgrade] of this.#upgraded) if (fits(upgrade)) socket.destroy()
  }

  /** Ends all connections at once; the sessions live on until they time out. */
  async close(): Promise<void> {
    await this.#gateway.close()
    this.#server.closeAllConnections()
    this.#server.close()
  }
}
