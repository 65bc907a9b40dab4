/** The `clientPort` in every sample configuration of ZooKeeper. */
const DEFAULT_PORT = 2181

const HIGHEST_PORT = 65_535

export interface Server {
  readonly host: string
  readonly port: number
}

/** `host:port`, with brackets around IPv6. */
export function serverName({ host, port }: Server): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** One link's position in the list. Each round visits every server once. */
export interface ServerCursor {
  /** Servers of one round. */
  readonly size: number
  next(): Server
  /** Makes `next` give the same server once more. */
  repeat(): void
}

/**
 * The servers of an ensemble, parsed once and shared by every link. Host names are kept as they are, so that each
 * dial resolves them anew.
 */
export class ServerList {
  readonly #servers: readonly Server[]

  private constructor(servers: readonly Server[]) {
    this.#servers = servers
  }

  get size(): number {
    return this.#servers.length
  }

  /**
   * Reads a ZooKeeper connect string: `host[:port],host[:port]…[/chroot]`, IPv6 addresses in brackets.
   * `chroot` is '' if there is none, else it starts with a slash and does not end with one.
   * @throws Error that quotes the part which cannot be used.
   */
  static parse(connectString: string): { servers: ServerList; chroot: string } {
    const slash = connectString.indexOf('/')
    const hosts = slash < 0 ? connectString : connectString.slice(0, slash)
    const chroot = slash < 0 ? '' : parseChroot(connectString.slice(slash))
    return { servers: new ServerList(hosts.split(',').map((part) => parseServer(part.trim()))), chroot }
  }

  /**
   * A cursor for one link. It starts anywhere and goes forwards or backwards: when a server dies, its links spread over both
   * neighbours instead of all going to one.
   */
  cursor(random: () => number = Math.random): ServerCursor {
    const servers = this.#servers
    const size = servers.length
    let index = Math.floor(random() * size)
    const step = random() < 0.5 ? 1 : size - 1
    return {
      size,
      next() {
        const server = servers[index]
        index = (index + step) % size
        if (!server) throw new RangeError(`random() must stay below 1: it led to server ${index} of ${size}`)
        return server
      },
      repeat() {
        index = (index + size - step) % size
      },
    }
  }
}

function parseServer(part: string): Server {
  if (part === '') throw new Error('The connect string has an empty server: write host:port,host:port')
  const match = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:[\]]+))(?::(.*))?$/.exec(part)
  const host = match?.[1] ?? match?.[2]
  if (host === undefined) {
    throw new Error(
      `Cannot read the server "${part}": write host:port, and IPv6 addresses as [::1]:${DEFAULT_PORT}`,
    )
  }
  return { host, port: match?.[3] === undefined ? DEFAULT_PORT : parsePort(match[3], part) }
}

function parsePort(text: string, part: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > HIGHEST_PORT) {
    throw new Error(`The port of the server "${part}" must be a number from 1 to ${HIGHEST_PORT}`)
  }
  return port
}

function parseChroot(text: string): string {
  const chroot = text.replace(/\/$/, '')
  const segments = chroot.split('/').slice(1)
  if (
    segments.some(
      (segment) => segment === '' || segment === '.' || segment === '..' || segment.includes('\0'),
    )
  ) {
    throw new Error(
      `The chroot "${text}" is no ZooKeeper path: write /one/two, without empty, "." or ".." parts`,
    )
  }
  return chroot
}
