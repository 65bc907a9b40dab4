import { describe, expect, it } from 'vitest'
import { COOKIE_NAME, cookieValue } from '../../../../server/src/access/cookie.js'

describe('the value of a cookie', () => {
  it.each([
    ['zoogate=abc', 'abc'],
    ['a=1; zoogate=a.b-c_d; z=2', 'a.b-c_d'],
    ['a=1;zoogate=abc', 'abc'],
    ['zoogate="abc"', 'abc'],
    ['zoogate=abc==', 'abc=='],
    ['zoogate=', ''],
    ['zoogate=%61', '%61'],
    ['zoogate="', '"'],
    ['zoogate=x"abc"', 'x"abc"'],
    ['zoogate="abc"x', '"abc"x'],
    [' zoogate = abc ;a=1', 'abc'],
  ])('is read from %s', (header, value) => {
    expect(cookieValue(header, 'zoogate')).toBe(value)
  })

  it.each([
    ['no cookies', undefined],
    ['an empty header', ''],
    ['another name', 'xzoogate=abc; zoogatex=abc; ZOOGATE=abc'],
    ['a name alone', 'zoogate'],
    ['a longer name alone', 'zoogatex'],
    ['a name inside of a value', 'a=zoogate=abc'],
    ['no name', '=abc; zoogate'],
  ])('is null for %s', (_, header) => {
    expect(cookieValue(header, 'zoogate')).toBeNull()
  })

  it('is null where there are two of the name, since nobody knows who has set which', () => {
    expect(cookieValue('zoogate=mine; zoogate=theirs', 'zoogate')).toBeNull()
    expect(cookieValue('zoogate=same; a=1; zoogate=same', 'zoogate')).toBeNull()
  })

  it('has a name without spaces, separators and quotes', () => {
    expect(['__Host-zoogate', 'a.b', '~'].every((name) => COOKIE_NAME.test(name))).toBe(true)
    expect(['', 'a b', 'a=b', 'a;b', '"a"', 'ä', 'a\n'].some((name) => COOKIE_NAME.test(name))).toBe(false)
  })
})
