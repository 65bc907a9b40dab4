import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { boardHandler } from '../../../server/src/cli/dev/board.js'
import { SECRET } from '../gateway/gateway-fixture.js'

export interface BoardServer {
  /** `http://127.0.0.1:port`, the origin that gateways have to allow. */
  readonly origin: string
  /** The address of a board, `/` or `/services`, with these settings in its query string. */
  page(settings: Record<string, string>, path?: string): string
  close(): Promise<void>
}

/** Serves the built boards and tokens under the tests' secret, apart from any gateway that a test may kill. */
export async function startBoardServer(): Promise<BoardServer> {
  const server = createServer(
    boardHandler({ secret: SECRET, folder: new URL('../../../server/dist/board/', import.meta.url) }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    page: (settings, path = '/') => `${origin}${path}?${new URLSearchParams(settings)}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
