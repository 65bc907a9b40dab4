import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readContent, writeData } from '../../../../client-sdk/src/operations/node-data.js'

it('node data is sent as a string if it is text or UTF-8, as base64 if it is other bytes, and else as JSON', () => {
  expect(writeData('käse')).toBe('käse')
  expect(writeData(new TextEncoder().encode('käse'))).toBe('käse')
  expect(writeData(new Uint8Array([0xff, 0x00]))).toEqual({ base64: '/wA=' })
  expect(writeData({ name: 'Ada' })).toBe('{"name":"Ada"}')
  expect([writeData(7), writeData(null), writeData([true])]).toEqual(['7', 'null', '[true]'])
})

it('a typed array sends only its own part of the buffer', () => {
  const buffer = new Uint8Array([0xff, 0x01, 0xfe, 0xff]).buffer
  expect(writeData(new Uint8Array(buffer, 1, 2))).toEqual({ base64: 'Af4=' })
})

it('any bytes come back unchanged, also a byte order mark', () => {
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

it('node data is read as text and as JSON, and throws a SyntaxError when it is not JSON', () => {
  expect(readContent('{"a":1}').json()).toEqual({ a: 1 })
  expect(readContent({ base64: 'e30=' }).text()).toBe('{}')
  expect(() => readContent('no json').json()).toThrow(SyntaxError)
})
