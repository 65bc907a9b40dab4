import { describe, expect, it } from 'vitest'
import { repository } from './repository.js'
import { faultOf } from './sentences.js'
import { titleFaults, titlesOf } from './titles.js'
import { linesWith, WORD_BUDGET } from './words.js'

const files = repository()

describe('the prose of the repository', () => {
  it('has a sentence for the title of every test', () => {
    expect(titleFaults(files)).toEqual([])
  })

  it.each(Object.entries(WORD_BUDGET))('says "%s" at most %i times', (word, budget) => {
    const lines = linesWith(word, files)
    expect(lines.length, `name the subject instead:\n${lines.join('\n')}`).toBeLessThanOrEqual(budget)
  })
})

describe('a title', () => {
  it.each([
    'closes with 4401 when the token has expired',
    'never asks for a fresh token',
    'two pages of a subject share one view',
    'a token that has expired is refused',
    '$ is refused with $',
    'what a page sends is limited',
    'a session ends at the end of a tick',
  ])('"%s" is a sentence', (title) => {
    expect(faultOf(title, 'a gateway')).toBeNull()
  })

  it.each([
    'three servers',
    'with a wrong id',
    'no token',
    'a token that has expired',
    'of a server that stops',
    'when the leader is killed',
    '$',
    'names of nodes and their watches',
  ])('"%s" is a fragment', (title) => {
    expect(faultOf(title, 'a gateway')).not.toBeNull()
  })

  it('needs a group that names the subject when it begins with its verb', () => {
    expect(faultOf('closes the session', 'a page')).toBeNull()
    expect(faultOf('closes the session', 'that leaves')).toContain('"that leaves" is none')
    expect(faultOf('closes the session', null)).toContain('no subject')
  })

  it('is found in every form of a test, with the innermost group around it', () => {
    const text = `
it('first', () => {})
describeWith('zookeeper', 'kazoo')(\`a \${kind} server\`, () => {
  describe.each([[1, ')']])('link %i', () => {
    it.each<[string, (a: number) => void]>([['b', () => {}]])('takes $name of %s ' + 'at once', () => {})
  })
  it(
    'waits', async () => { expect(/it('no')/.test("it('no')")).toBe(true) },
    10,
  )
})
// it('is prose')
`
    expect(titlesOf({ path: 'a.test.ts', text })).toEqual([
      { line: 2, kind: 'it', title: 'first', group: null },
      { line: 3, kind: 'describe', title: 'a $ server', group: null },
      { line: 4, kind: 'describe', title: 'link $', group: 'a $ server' },
      { line: 5, kind: 'it', title: 'takes $ of $ at once', group: 'link $' },
      { line: 7, kind: 'it', title: 'waits', group: 'a $ server' },
    ])
  })
})
