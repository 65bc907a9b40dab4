// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest'
import type { ClientSnapshot, ViewSnapshot } from 'zoogate-client'
import { LinkStatus } from '../../../../examples/service-board/src/link-status.js'

const NOON = new Date(2026, 0, 1, 12).getTime()

let elements: Record<'root' | 'state' | 'word' | 'note', HTMLElement>
let status: LinkStatus
beforeEach(() => {
  const element = () => document.createElement('div')
  elements = { root: element(), state: element(), word: element(), note: element() }
  status = new LinkStatus(elements)
})
const show = (
  state: ClientSnapshot['state'],
  stale: boolean,
  now: number,
  error: ViewSnapshot['error'] = null,
) => {
  status.show(
    { state, reason: state === 'CLOSED' ? 'expired' : null } as ClientSnapshot,
    { stale, error } as ViewSnapshot,
    now,
  )
  return [elements.root.dataset.stale, elements.word.textContent, elements.note.textContent]
}

describe('the status of the link', () => {
  it('says that the services are loading until the board has been live', () => {
    expect(show('CONNECTING', true, NOON)).toEqual(['true', 'CONNECTING', 'loading the services'])
    expect(show('CONNECTED', true, NOON + 1_000)).toEqual(['true', 'CONNECTED', 'loading the services'])
    expect(show('CONNECTED', false, NOON + 2_000)).toEqual(['false', 'Live', ''])
  })

  it('keeps the time at which the board became stale', () => {
    show('CONNECTED', false, NOON - 60_000)
    expect(show('CONNECTING', true, NOON)).toEqual(['true', 'CONNECTING', 'as of 12:00:00'])
    expect(show('CONNECTED', true, NOON + 9_000)).toEqual(['true', 'CONNECTED', 'as of 12:00:00'])
  })

  it('says how to go on after the session has ended', () => {
    expect(show('CLOSED', true, NOON)).toEqual(['true', 'CLOSED', 'expired: reload the page'])
  })
})
