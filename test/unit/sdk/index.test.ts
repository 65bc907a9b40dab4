import { expect, it, vi } from 'vitest'
import type { TokenRequest } from '../../../client-sdk/src/index.js'
import { preparePlayground } from '../../tools/sdk/playground.js'
import { connected } from '../../tools/sdk/viewing.js'

const start = preparePlayground()

async function refreshing(fresh: (request: TokenRequest) => string | Promise<string>) {
  const asked: string[] = []
  let isFirst = true
  const playground = start({
    getToken: (request) => {
      asked.push(request.reason)
      if (!isFirst) return fresh(request)
      isFirst = false
      return 'first'
    },
  })
  const socket = await connected(playground)
  const tokens = () => socket.messages.flatMap((message) => (message.type === 'token' ? [message.token] : []))
  return { ...playground, socket, asked, tokens }
}

it('a fresh token is brought when the gateway asks, each time, and the connection goes on', async () => {
  let count = 1
  const { socket, settle, asked, tokens, told } = await refreshing(() => `fresh-${++count}`)
  const before = [...told]
  for (let round = 0; round < 2; round++) {
    socket.receive({ type: 'refresh' })
    await settle()
  }
  expect([tokens(), asked]).toEqual([
    ['fresh-2', 'fresh-3'],
    ['connect', 'expired', 'expired'],
  ])
  expect([told, socket.closed]).toEqual([before, null])
})

it.each([
  [
    'throws',
    () => {
      throw new Error('no token now')
    },
  ],
  ['rejects', () => Promise.reject(new Error('no token now'))],
])(
  'a getToken that %s is no harm: the gateway ends the connection at the expiry, and the next brings a token',
  async (_, fails) => {
    let fresh: () => string | Promise<string> = fails
    const { socket, settle, tokens, redialled, zk } = await refreshing(() => fresh())
    socket.receive({ type: 'refresh' })
    await settle()
    expect([tokens(), zk.state]).toEqual([[], 'CONNECTED'])
    fresh = () => 'second'
    socket.refuse(4100)
    expect((await redialled()).open().hello?.token).toBe('second')
  },
)

it('a token that comes after the end of the connection is dropped', async () => {
  let give: (token: string) => void = () => undefined
  const { socket, settle, tokens } = await refreshing(
    () =>
      new Promise((resolve) => {
        give = resolve
      }),
  )
  socket.receive({ type: 'refresh' })
  await settle()
  socket.end()
  give('late')
  await settle()
  expect(tokens()).toEqual([])
})

it('the signal of getToken is aborted after requestTimeoutMs', async () => {
  const timeout = vi.spyOn(AbortSignal, 'timeout')
  let given: AbortSignal | undefined
  const { socket, settle } = await refreshing(({ signal }) => {
    given = signal
    return 'fresh'
  })
  socket.receive({ type: 'refresh' })
  await settle()
  expect(timeout).toHaveBeenCalledWith(30_000)
  expect(given).toBe(timeout.mock.results[0]?.value)
})
