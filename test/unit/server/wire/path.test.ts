import { describe, expect, it } from 'vitest'
import { absoluteLists, pathProblem, withChroot, withoutChroot } from '../../../../server/src/wire/path.js'

describe('a path', () => {
  it.each(['/', '/a', '/a/b', '/a.b/..c', '/ä/ß', '/a b', '/☃'])('%s is accepted', (path) => {
    expect(pathProblem(path, 100)).toBeNull()
  })

  it.each([
    ['', 'begins with /'],
    ['a', 'begins with /'],
    ['/a/', 'does not end with /'],
    ['//a', 'empty parts'],
    ['/a//b', 'empty parts'],
    ['/a/./b', 'parts . and ..'],
    ['/..', 'parts . and ..'],
    ['/a/../../b', 'parts . and ..'],
    ['/a\u0000b', 'U+0000'],
    ['/a\nb', 'U+000A'],
    ['/a\u007f', 'U+007F'],
    ['/a\ud800b', 'U+D800'],
    ['/\u{1f600}', 'U+1F600'],
    ['/\uf8ff', 'U+F8FF'],
    ['/\ufff0', 'U+FFF0'],
    [`/${'x'.repeat(100)}`, 'at most 100 characters'],
  ])('%j is refused: %s', (path, problem) => {
    expect(pathProblem(path, 100)).toContain(problem)
  })

  it('gains its chroot and loses it again', () => {
    for (const path of ['/', '/a', '/a/b']) {
      for (const chroot of ['', '/t', '/t/u']) {
        expect(withoutChroot(chroot, withChroot(chroot, path))).toBe(path)
      }
    }
    expect(withChroot('', '/')).toBe('/')
    expect(withChroot('', '/a')).toBe('/a')
    expect(withChroot('/t', '/')).toBe('/t')
    expect(withChroot('/t', '/a')).toBe('/t/a')
  })

  it('gets its chroot in every list of watches', () => {
    const lists = { data: ['/d'], exist: ['/e', '/'], child: ['/c'] }
    const full = { data: ['/t/d'], exist: ['/t/e', '/t'], child: ['/t/c'] }
    expect(absoluteLists('/t', lists)).toEqual({ ...full, persistent: [], recursive: [] })
    expect(absoluteLists('/t', { ...lists, persistent: ['/p'], recursive: ['/r'] })).toEqual({
      ...full,
      persistent: ['/t/p'],
      recursive: ['/t/r'],
    })
  })
})
