import { createHmac } from 'node:crypto'

/** Users of this beginning are the gateway's to give: a token cannot name one. */
export const DERIVED_USER_PREFIX = 'zoogate-'

/** Bytes of the user's name: no two people meet in 128 bits. */
const USER_BYTES = 16

/** Who a person is: another issuer's `ada` is somebody else, and so is another tenant's. */
export interface Person {
  issuer: string | undefined
  /** What the token adds to the gateway's own chroot. */
  chroot: string
  subject: string
}

/** A ZooKeeper identity of the scheme `digest`. */
export interface DerivedIdentity {
  user: string
  password: string
}

/**
 * Gives each person an identity in ZooKeeper, the same in every session and on every gateway that has the secret, so
 * that the ensemble itself keeps nodes for the person who made them. Access control lists are read by others, so the
 * user is a pseudonym: without the secret, neither the person nor the password can be told from it.
 */
export class DerivedIdentities {
  readonly #secret: string

  /** @param secret shared by all replicas; with another one, everybody is somebody else to the ensemble */
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
