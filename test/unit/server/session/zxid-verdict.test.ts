import { describe, expect, it } from 'vitest'
import { ZxidVerdict } from '../../../../server/src/session/zxid-verdict.js'

describe('the verdict on a zxid that only the page has seen', () => {
  it('is that it is impossible once every server is behind it, and one server twice', () => {
    const three = new ZxidVerdict(3)
    expect(['a:1', 'b:1', 'c:1'].map((server) => three.behind(server))).toEqual([
      'ask_on',
      'ask_on',
      'impossible',
    ])
    const one = new ZxidVerdict(1)
    expect(['a:1', 'a:1'].map((server) => one.behind(server))).toEqual(['ask_on', 'impossible'])
  })

  it('stays open where not every server can be asked, and ends so after two rounds', () => {
    const verdict = new ZxidVerdict(3)
    const answers = ['a:1', 'b:1', 'a:1', 'b:1', 'a:1', 'b:1'].map((server) => verdict.behind(server))
    expect(answers).toEqual(['ask_on', 'ask_on', 'ask_on', 'ask_on', 'ask_on', 'unclear'])
  })
})
