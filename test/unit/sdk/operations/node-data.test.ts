import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readContent, writeData } from '../../../../client-sdk/src/operations/node-data.js'

it('sends text and UTF-8 bytes as a string, other bytes as base64, and anything else as JSON', () => {
  expect(writeData('käse')).toBe('käse')
  expect(writeData(new TextEncoder().encode('käse'))).toBe('käse')
  expect(writeData(new Uint8Array([0xff, 0x00]))).toEqual({ base64: '/wA=' })
  expect(writeData({ name: 'Ada' })).toBe('{"name":"Ada"}')
  expect([writeData(7), writeData(null), writeData([true])]).toEqual(['7', 'null', '[true]'])
})

it('sends only the part of a buffer that a view shows', () => {
  const buffer = new Uint8Array([0xff, 0x01, 0xfe, 0xff]).buffer
  expect(writeData(new Uint8Array(buffer, 1, 2))).toEqual({ base64: 'Af4=' })
})

it('gives any bytes back as they were, a byte order mark included', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.constant(new Uint8Array([0xef, 0xbb, 0xbf, 65])),
  )
  fc.assert(
    fc.property(bytes, (data) => {
      expect([...readContent(writeData(data)).data]).toEqual([...data])
    }),
  )
})

it('reads text and JSON, and throws a SyntaxError where it is none', () => {
  expect(readContent('{"a":1}').json()).toEqual({ a: 1 })
  expect(readContent({ base64: 'e30=' }).text()).toBe('{}')
  expect(() => readContent('no json').json()).toThrow(SyntaxError)
})
