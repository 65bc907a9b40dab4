import { describe, expect, it } from 'vitest'
import { DerivedIdentities } from '../../../../server/src/access/derived-identity.js'

const SECRET = 'an identity secret of more than thirty-two characters'
const ada = { issuer: 'https://idp.example', chroot: '/tenants/a', subject: 'ada' }

describe('a derived identity', () => {
  it('is the same on every gateway that has the secret', () => {
    expect(new DerivedIdentities(SECRET).of(ada)).toEqual(new DerivedIdentities(SECRET).of({ ...ada }))
    // A change here would take away the nodes of every person.
    expect(new DerivedIdentities(SECRET).of(ada)).toEqual({
      user: 'zoogate-vW8ayY3koatxGTJgRGckrQ',
      password: 'JRJ5_HjalMnafsUIYF5fxw42Ij2xsflaLLOPoV372-U',
    })
  })

  it('differs for another subject, issuer, chroot or secret', () => {
    const of = (person: typeof ada) => new DerivedIdentities(SECRET).of(person)
    const all = [
      of(ada),
      of({ ...ada, subject: 'bob' }),
      of({ ...ada, subject: 'Ada' }),
      of({ ...ada, chroot: '' }),
      of({ ...ada, issuer: 'https://other.example' }),
      new DerivedIdentities(SECRET).of({ ...ada, issuer: undefined }),
      // The same characters, divided otherwise.
      of({ ...ada, chroot: '/tenants/a","ada', subject: '' }),
      new DerivedIdentities(`${SECRET}.`).of(ada),
    ]
    expect(new Set(all.map(({ user }) => user)).size).toBe(all.length)
    expect(new Set(all.map(({ password }) => password)).size).toBe(all.length)
  })

  it('shows neither the person nor the password in its user, and has no colon in it', () => {
    const { user, password } = new DerivedIdentities(SECRET).of({ ...ada, subject: 'zoe:smith' })
    expect(user).toMatch(/^zoogate-[\w-]{22}$/)
    expect(password).toMatch(/^[\w-]{43}$/)
    expect(password).not.toContain(user.slice('zoogate-'.length))
  })
})
