import { expect, it } from 'vitest'
import {
  FaultPanelStage,
  isDisabled,
  RESUMED,
  TIMEOUT_MS,
  waitForStates,
} from '../../tools/boards/fault-panel-stage.js'
import { describeWith } from '../../tools/requirements.js'
import { waitUntil } from '../../tools/wait-until.js'

// The faults that last for seconds.
describeWith('chromium')('the fault panel of zoogate dev', () => {
  const stage = new FaultPanelStage()

  it('silences the link behind the gateway, which gives it up and makes good what was said into the silence', async () => {
    const { ada, grace, id, adasStates, gracesStates, noted } = await stage.openTwo()
    await ada.rename('Ada Byron')
    await grace.waitForNames(['Ada Byron', 'Grace'])
    await ada.fault('stall-link').click()
    await waitUntil(
      'it goes on',
      async () => (await ada.fault('stall-link').getAttribute('data-fault')) === 'going-on',
    )
    await ada.rename('Ada Lovelace')
    await waitForStates(ada, adasStates, RESUMED)
    await Promise.all([ada, grace].map((visitor) => visitor.waitForNames(['Ada Lovelace', 'Grace'])))
    expect(await ada.sessionId()).toBe(id)
    expect([await gracesStates(), await noted()]).toEqual([[], []])
  })

  it('stops the server of the session, and stays disabled until that server runs again', async () => {
    const { ada, id, adasStates, noted } = await stage.openTwo()
    await ada.fault('stop-server').click()
    await waitForStates(ada, adasStates, RESUMED)
    expect(await ada.sessionId()).toBe(id)
    expect(await isDisabled(ada, 'stop-server')).toBe(true)
    await ada.fault('stop-server').dispatchEvent('click')
    await waitUntil('it may be pressed again', async () => !(await isDisabled(ada, 'stop-server')), {
      timeoutMs: 15_000,
    })
    expect(await ada.page.locator('#log li[data-kind="fault"]').count()).toBe(1)
    expect(await ada.page.locator('#log li[data-kind="error"]').count()).toBe(0)
    expect(await noted()).toEqual([])
  })

  it('stops all servers for longer than the timeout, while the wall stays, stale, and the session goes on', async () => {
    const { ada, grace, id, adasStates, gracesStates, noted } = await stage.openTwo()
    await ada.fault('stop-ensemble').click()
    await ada.waitForState('CONNECTING')
    const from = performance.now()
    await waitUntil('no fault can be pressed', () => isDisabled(ada, 'cut-link'))
    await waitUntil('the timeout has passed', () => performance.now() - from > TIMEOUT_MS + 1_000, {
      timeoutMs: 2 * TIMEOUT_MS,
    })
    expect(await adasStates()).toEqual(['CONNECTED → CONNECTING'])
    expect(await ada.names()).toEqual(expect.arrayContaining(['Ada', 'Grace']))
    await waitForStates(ada, adasStates, RESUMED)
    await waitForStates(grace, gracesStates, RESUMED)
    expect(await ada.sessionId()).toBe(id)
    expect(await noted()).toEqual([])
  })

  it('makes answers slow for a while', async () => {
    const { ada, grace, gracesStates, adasStates } = await stage.openTwo()
    await ada.fault('slow-answers').click()
    await waitUntil(
      'it goes on',
      async () => (await ada.fault('slow-answers').getAttribute('data-fault')) === 'going-on',
    )
    await ada.rename('Slow Ada')
    await Promise.all([ada, grace].map((visitor) => visitor.waitForNames(['Slow Ada', 'Grace'])))
    await waitUntil('it is over', async () => !(await isDisabled(ada, 'slow-answers')), { timeoutMs: 15_000 })
    await ada.rename('Quick Ada')
    await Promise.all([ada, grace].map((visitor) => visitor.waitForNames(['Quick Ada', 'Grace'])))
    expect([await adasStates(), await gracesStates()]).toEqual([[], []])
  })
})
