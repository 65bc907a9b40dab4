import { describe, expect, it } from 'vitest'
import { AccessNews } from '../../../../server/src/views/access-news.js'

describe('news of access', () => {
  /** What was asked and told, in order; the leader answers when the test says so. */
  function open() {
    const log: string[] = []
    const answers: (() => void)[] = []
    const news = new AccessNews(
      (path, synced) => {
        log.push(`sync ${path}`)
        answers.push(synced)
      },
      (path) => log.push(`tell ${path}`),
    )
    return { news, log, answer: () => answers.shift()?.() }
  }

  it('are told when the server has caught up, not before', () => {
    const { news, log, answer } = open()
    news.changed('/a')
    expect(log).toEqual(['sync /a'])
    answer()
    expect(log).toEqual(['sync /a', 'tell /a'])
  })

  it('ask the leader once for everything that changed while it was asked for something earlier', () => {
    const { news, log, answer } = open()
    for (const path of ['/a', '/b', '/c', '/b']) news.changed(path)
    answer()
    expect(log).toEqual(['sync /a', 'tell /a', 'sync /b'])
    answer()
    expect(log.slice(3)).toEqual(['tell /b', 'tell /c'])
    answer()
    expect(log).toHaveLength(5)
  })
})
