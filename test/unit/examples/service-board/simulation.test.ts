// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from 'vitest'
import { readSimulation, SimulationPanel } from '../../../../examples/service-board/src/simulation.js'

afterEach(() => vi.unstubAllGlobals())

const answer = (status: number, body: string | null, type = 'application/json') =>
  vi.fn<typeof fetch>(async () => new Response(body, { status, headers: { 'content-type': type } }))

describe('the simulation', () => {
  it('comes from the server', async () => {
    const listed = { zookeeper: 'zk:2181', instances: [{ name: 'shop/a', running: true }] }
    expect(await readSimulation(answer(200, JSON.stringify(listed)))).toEqual(listed)
  })

  it.each([
    [404, 'text/plain'],
    [200, 'text/html'],
  ])('is null when the response is %d %s', async (status, type) => {
    expect(await readSimulation(answer(status, 'no', type))).toBeNull()
  })
})

describe('the panel of simulated services', () => {
  const openPanel = (running: boolean) => {
    const [panel, list] = [document.createElement('section'), document.createElement('ul')]
    panel.hidden = true
    new SimulationPanel({ panel, list }, [{ name: 'shop/a', running }])
    const [toggle, kill] = list.querySelectorAll('button')
    if (!toggle || !kill) throw new Error('the panel has no buttons')
    return { panel, list, toggle, kill }
  }
  const asked = (post: ReturnType<typeof answer>) => post.mock.calls.map(([, init]) => init?.body)

  it('stops an instance that runs and starts it again', async () => {
    const post = answer(204, null)
    vi.stubGlobal('fetch', post)
    const { panel, toggle, kill } = openPanel(true)
    expect([panel.hidden, toggle.textContent, kill.ariaDisabled]).toEqual([false, 'Stop', 'false'])
    toggle.click()
    await vi.waitFor(() => expect(toggle.textContent).toBe('Start'))
    expect(kill.ariaDisabled).toBe('true')
    kill.click()
    toggle.click()
    await vi.waitFor(() => expect(toggle.textContent).toBe('Stop'))
    expect(asked(post)).toEqual([
      JSON.stringify({ deed: 'stop', instance: 'shop/a' }),
      JSON.stringify({ deed: 'start', instance: 'shop/a' }),
    ])
  })

  it('shows the sentence of a refusal', async () => {
    vi.stubGlobal('fetch', answer(409, 'start it first.\n', 'text/plain'))
    const { list, toggle } = openPanel(true)
    toggle.click()
    await vi.waitFor(() => expect(list.querySelector('[role=alert]')?.textContent).toBe('start it first.'))
    expect(toggle.textContent).toBe('Stop')
  })
})
