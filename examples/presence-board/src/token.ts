// Where the page gets its token from: `zoogate dev` signs demo tokens; a site of yours would ask its own server.

/** Rejects when the answer is not `{ "token": "…" }`; the client then asks again later. */
export async function fetchToken(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal, cache: 'no-store' }).catch((cause: unknown) => {
    throw new Error(`No answer from ${url}: is the server that gives out tokens running?`, { cause })
  })
  if (!response.ok)
    throw new Error(`${url} answered ${response.status}: check tokenUrl in the page's address.`)
  const body: unknown = await response.json()
  if (typeof body === 'object' && body !== null && 'token' in body && typeof body.token === 'string') {
    return body.token
  }
  throw new Error(`${url} answered without a "token": check tokenUrl in the page's address.`)
}
