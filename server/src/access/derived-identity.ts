import { createHmac } from 'node:crypto'

/** Only the gateway gives users with this prefix: a token cannot name one. */
export const DERIVED_USER_PREFIX = 'zoogate-'

/** Bytes of the user's name: 128 bits do not collide. */
const USER_BYTES = 16

/** A person. An `ada` of another issuer or of another tenant is another person. */
export interface Person {
  issuer: string | undefined
  /** The token's part of the chroot. */
  chroot: string
  subject: string
}

/** A ZooKeeper identity of the scheme `digest`. */
export interface DerivedIdentity {
  user: string
  password: string
}

/**
 * Gives each person an identity in ZooKeeper, the same in every session and on every gateway with the same secret, so that
 * the ensemble itself can reserve a node for the person that made it. Other clients read access control lists, so the user
 * is a pseudonym: without the secret it shows neither the person nor the password.
 */
export class DerivedIdentities {
  readonly #secret: string

  /** @param secret shared by all replicas; with another secret every person has another identity */
  constructor(secret: string) {
    this.#secret = secret
  }

  of(person: Person): DerivedIdentity {
    const name = JSON.stringify([person.issuer ?? null, person.chroot, person.subject])
    const user = this.#hmac(`user ${name}`).subarray(0, USER_BYTES).toString('base64url')
    return {
      user: DERIVED_USER_PREFIX + user,
      password: this.#hmac(`password ${name}`).toString('base64url'),
    }
  }

  #hmac(text: string): Buffer {
    return createHmac('sha256', this.#secret).update(text).digest()
  }
}
