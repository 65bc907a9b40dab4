import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { SUBPROTOCOL } from 'zoogate-client/protocol'
import { waitUntil } from '../wait-until.js'

/** A TCP connection that keeps no rules; cheap enough for thousands of them. */
export class RawSocket {
  readonly socket: Socket
  received = ''
  state: 'open' | 'ended' = 'open'

  /** @param from the loopback address that the gateway sees */
  constructor(url: string, from = '127.0.0.1') {
    const { hostname, port } = new URL(url)
    this.socket = connect({ host: hostname, port: Number(port), localAddress: from })
    this.socket.on('data', (data: Buffer) => {
      this.received += data.toString('latin1')
    })
    this.socket.on('close', () => {
      this.state = 'ended'
    })
    // These sockets expect to be cut off; the close that follows sets the state.
    this.socket.on('error', () => undefined)
  }

  static async connect(url: string, from?: string): Promise<RawSocket> {
    const raw = new RawSocket(url, from)
    await once(raw.socket, 'connect')
    return raw
  }

  /** Asks for a WebSocket. @returns the status of the answer; 0 where there was none */
  async upgrade(path = '/zoogate', headers: Record<string, string> = {}): Promise<number> {
    this.socket.write(upgradeText(path, headers))
    return waitUntil(
      'the upgrade is answered',
      () => {
        const status = /^HTTP\/1.1 (\d+)/.exec(this.received)?.[1]
        if (status !== undefined) return { status: Number(status) }
        return this.state === 'ended' ? { status: 0 } : null
      },
      { intervalMs: 5, timeoutMs: 20_000 },
    ).then(({ status }) => status)
  }

  cut(): void {
    this.socket.destroy()
  }
}

export function upgradeText(path = '/zoogate', headers: Record<string, string> = {}): string {
  const lines = {
    Host: 'gate.example',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': Buffer.from('sixteen bytes ok').toString('base64'),
    'Sec-WebSocket-Protocol': SUBPROTOCOL,
    ...headers,
  }
  const text = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`)
  return `GET ${path} HTTP/1.1\r\n${text.join('')}\r\n`
}
