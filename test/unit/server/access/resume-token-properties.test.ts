import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ResumeTokens, type SealedSession } from '../../../../server/src/access/resume-token.js'

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((given) => Buffer.from(given))
const key = bytes(32)
// Whole code points: JSON Web Tokens are UTF-8, which has no lone surrogates.
const text = fc.string({ unit: 'binary', maxLength: 60 })
const session: fc.Arbitrary<SealedSession> = fc.record({
  id: bytes(8),
  password: bytes(16),
  subject: fc.oneof(text, fc.constantFrom('', '","', '\u0000', '__proto__', '\\', '\u{1f600}')),
  issuer: fc.option(text),
  chroot: text,
  issuedAt: fc.nat(),
  generation: fc.nat(),
})

describe('a resume token of any content', () => {
  it('opens to its content under the key that sealed it, wherever the key stands in the list', () => {
    fc.assert(
      fc.property(session, key, fc.array(key, { maxLength: 3 }), fc.nat(3), (sealed, sealer, others, at) => {
        const keys = [...others.slice(0, at), sealer, ...others.slice(at)]
        const token = new ResumeTokens([sealer]).seal(sealed)
        expect(new ResumeTokens(keys).open(token)).toEqual(sealed)
      }),
    )
  })

  it('does not open once its key is retired', () => {
    fc.assert(
      fc.property(
        session,
        fc.uniqueArray(key, { minLength: 2, maxLength: 4, selector: String }),
        (sealed, keys) => {
          const [retired, ...present] = keys as [Buffer, ...Buffer[]]
          const token = new ResumeTokens([retired, ...present]).seal(sealed)
          expect(new ResumeTokens(present).open(token)).toBeNull()
        },
      ),
    )
  })

  it('does not open with any bit of it flipped, any byte of it missing, or any byte too many', () => {
    const damage = fc.record({ at: fc.nat(), bit: fc.nat(7), how: fc.constantFrom('flip', 'drop', 'add') })
    fc.assert(
      fc.property(session, key, damage, (sealed, key, { at, bit, how }) => {
        const tokens = new ResumeTokens([key])
        const given = Buffer.from(tokens.seal(sealed), 'base64url')
        const place = at % given.length
        const rest = given.subarray(how === 'add' ? place : place + 1)
        const between = { flip: [given[place]! ^ (1 << bit)], drop: [], add: [bit] }[how]
        const damaged = Buffer.concat([given.subarray(0, place), Buffer.from(between), rest])
        expect(tokens.open(damaged.toString('base64url'))).toBeNull()
      }),
      { numRuns: 1000 },
    )
  })

  it('cannot be made of parts of two others', () => {
    fc.assert(
      fc.property(
        session,
        session,
        key,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (one, other, key, share) => {
          const tokens = new ResumeTokens([key])
          const [head, tail] = [one, other].map((sealed) =>
            Buffer.from(tokens.seal(sealed), 'base64url'),
          ) as [Buffer, Buffer]
          // At the nonce or behind it: all tokens of a key begin alike.
          const cut = 6 + Math.floor(share * (Math.min(head.length, tail.length) - 7))
          const mixed = Buffer.concat([head.subarray(0, cut), tail.subarray(cut)])
          fc.pre(!mixed.equals(head) && !mixed.equals(tail))
          expect(tokens.open(mixed.toString('base64url'))).toBeNull()
        },
      ),
    )
  })

  it('is a text that a hello may carry; any other text opens nothing', () => {
    const tokens = new ResumeTokens([Buffer.alloc(32, 7)])
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.base64String()), (token) => {
        expect(tokens.open(token)).toBeNull()
      }),
    )
    fc.assert(
      fc.property(session, (sealed) => {
        expect(tokens.seal(sealed)).toMatch(/^[\w-]+$/)
      }),
    )
  })
})
