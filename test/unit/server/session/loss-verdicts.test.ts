import { describe, expect, it } from 'vitest'
import { TakeoverWatch, ZxidVerdict } from '../../../../server/src/session/loss-verdicts.js'

const T = 10_000

describe('a takeover watch', () => {
  it('reports a takeover when servers that are well have hung up three times in a row', () => {
    const watch = new TakeoverWatch()
    expect(watch.lost('closed_by_server', 60_000, T)).toBe(false)
    expect(watch.suspicious).toBe(true)
    expect(watch.lost('closed_by_server', 50, T)).toBe(false)
    expect(watch.lost('closed_by_server', 50, T)).toBe(true)
  })

  it('starts anew when an attempt fails, because then the servers are not well', () => {
    const watch = new TakeoverWatch()
    for (let round = 0; round < 10; round += 1) {
      expect(watch.lost('closed_by_server', 50, T)).toBe(false)
      watch.failed()
      expect(watch.suspicious).toBe(false)
    }
  })

  it('starts anew when the session was held for longer than its timeout', () => {
    const watch = new TakeoverWatch()
    for (let round = 0; round < 10; round += 1) expect(watch.lost('closed_by_server', T + 1, T)).toBe(false)
  })

  it('takes no other cause for a takeover', () => {
    const watch = new TakeoverWatch()
    watch.lost('closed_by_server', 50, T)
    watch.lost('closed_by_server', 50, T)
    expect(watch.lost('silent', 50, T)).toBe(false)
    expect(watch.suspicious).toBe(false)
    expect(watch.lost('closed_by_server', 50, T)).toBe(false)
  })
})

describe('the verdict on the zxid that a page claims', () => {
  it('is impossible once every server is behind it, and a single server twice', () => {
    const three = new ZxidVerdict(3)
    expect(['a:1', 'b:1', 'c:1'].map((server) => three.behind(server))).toEqual([
      'ask_on',
      'ask_on',
      'impossible',
    ])
    const one = new ZxidVerdict(1)
    expect(['a:1', 'a:1'].map((server) => one.behind(server))).toEqual(['ask_on', 'impossible'])
  })

  it('stays open while some servers cannot be asked, and is unclear after two rounds', () => {
    const verdict = new ZxidVerdict(3)
    const answers = ['a:1', 'b:1', 'a:1', 'b:1', 'a:1', 'b:1'].map((server) => verdict.behind(server))
    expect(answers).toEqual(['ask_on', 'ask_on', 'ask_on', 'ask_on', 'ask_on', 'unclear'])
  })
})
