import { type FakeConnection, type FakeRequest, OP, readText } from './fake-server.js'

/** The content of a setWatches request: the lists data, exist, child, and in the later form persistent and recursive. */
function readSetWatches({ type, body }: FakeRequest): { zxid: bigint; lists: string[][] } {
  let at = 8
  const lists = Array.from({ length: type === OP.setWatches2 ? 5 : 3 }, () => {
    const count = body.readInt32BE(at)
    at += 4
    return Array.from({ length: count }, () => {
      const path = readText(body, at)
      at += 4 + Buffer.byteLength(path)
      return path
    })
  })
  return { zxid: body.readBigInt64BE(0), lists }
}

export function setWatchesOf(connection: FakeConnection): { zxid: bigint; lists: string[][] }[] {
  return connection.requests
    .filter(({ type }) => type === OP.setWatches || type === OP.setWatches2)
    .map(readSetWatches)
}
