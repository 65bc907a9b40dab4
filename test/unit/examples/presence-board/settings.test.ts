import { describe, expect, it } from 'vitest'
import { readSettings, renamed } from '../../../../examples/presence-board/src/settings.js'

describe('settings', () => {
  it('name the gateway that served the page by default', () => {
    expect(readSettings('https://board.example/', 'ab1')).toEqual({
      gateways: ['wss://board.example/zoogate?tab=ab1'],
      tokenUrl: '/demo/token',
      timeoutMs: 10_000,
      room: '/rooms/lobby',
      name: null,
    })
    expect(readSettings('http://127.0.0.1:8080/?x=1', 'ab1').gateways).toEqual([
      'ws://127.0.0.1:8080/zoogate?tab=ab1',
    ])
  })

  it('come from the address where it has them', () => {
    const query = 'gateway=ws://a/zoogate,ws://b/zoogate&tokenUrl=/token&timeout=4000&room=/r/1/&name=Ada'
    expect(readSettings(`http://board.example/?${query}`, 'ab1')).toEqual({
      gateways: ['ws://a/zoogate', 'ws://b/zoogate'],
      tokenUrl: '/token',
      timeoutMs: 4_000,
      room: '/r/1',
      name: 'Ada',
    })
  })

  it.each(['timeout=-1', 'timeout=soon', 'timeout=', 'room=lobby', 'room=/'])('ignore a %s', (query) => {
    expect(readSettings(`http://board.example/?${query}`, 'ab1')).toEqual(
      readSettings('http://board.example/', 'ab1'),
    )
  })
})

describe('a renamed address', () => {
  it('has the new name in place of the old one, so that a reload keeps it', () => {
    expect(renamed('http://board.example/?name=Ada&room=/r', 'Bob')).toBe(
      'http://board.example/?name=Bob&room=%2Fr',
    )
  })

  it('stays unchanged when it had no name', () => {
    expect(renamed('http://board.example/?room=/r', 'Bob')).toBe('http://board.example/?room=/r')
  })
})
