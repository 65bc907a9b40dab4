// Fetches the page's token. `zoogate dev` signs demo tokens; your own site would ask its own server.

/** Rejects when the response is not `{ "token": "…" }`. The client then asks again later. */
export async function fetchToken(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal, cache: 'no-store' }).catch((cause: unknown) => {
    throw new Error(`No response from ${url}: start the server that issues tokens.`, { cause })
  })
  if (!response.ok)
    throw new Error(`${url} answered ${response.status}: check tokenUrl in the page's address.`)
  const body: unknown = await response.json()
  if (typeof body === 'object' && body !== null && 'token' in body && typeof body.token === 'string') {
    return body.token
  }
  throw new Error(`${url} answered without a "token": check tokenUrl in the page's address.`)
}
