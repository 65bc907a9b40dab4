import { createHash } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import { ERR, PERMISSION, Refusal } from './protocol.js'
import type { Acl, Id } from './records.js'

export const OPEN_ACL: readonly Acl[] = [{ perms: PERMISSION.ALL, id: { scheme: 'world', id: 'anyone' } }]

/** @throws Refusal with NO_AUTH unless one entry grants one of these permissions to one of these identities. */
export function checkAcl(acl: readonly Acl[], perms: number, identities: readonly Id[]): void {
  if (!allows(acl, perms, identities)) throw new Refusal(ERR.NO_AUTH)
}

export function allows(acl: readonly Acl[], perms: number, identities: readonly Id[]): boolean {
  return acl.some(
    (entry) =>
      (entry.perms & perms) !== 0 && (isWorld(entry.id) || identities.some((id) => matches(id, entry.id))),
  )
}

/**
 * The list to store for the list that a client asked for: without repeats, and with `auth` replaced by the client's
 * identities.
 *
 * @throws Refusal with INVALID_ACL for an empty list and for identities that cannot exist.
 */
export function resolveAcl(asked: readonly Acl[], identities: readonly Id[]): Acl[] {
  const unique = new Map(asked.map((entry) => [`${entry.perms} ${entry.id.scheme} ${entry.id.id}`, entry]))
  const resolved = [...unique.values()].flatMap((entry) => {
    if (entry.id.scheme === 'auth') {
      // Every connection has its address as an identity, but it has not authenticated as that.
      const proven = identities.filter(({ scheme }) => scheme !== 'ip')
      if (proven.length === 0) throw new Refusal(ERR.INVALID_ACL)
      return proven.map((id) => ({ perms: entry.perms, id }))
    }
    if (!isWorld(entry.id) && !isValid(entry.id)) throw new Refusal(ERR.INVALID_ACL)
    return [entry]
  })
  if (resolved.length === 0) throw new Refusal(ERR.INVALID_ACL)
  return resolved
}

/** Only identities that may change the list see digests. */
export function withoutDigests(acl: readonly Acl[]): Acl[] {
  return acl.map(({ perms, id }) => ({
    perms,
    id: id.scheme === 'digest' ? { scheme: id.scheme, id: id.id?.replace(/:.*/, ':x') ?? null } : id,
  }))
}

/** The identity that an auth packet proves, or null if the scheme is unknown. */
export function authenticate(scheme: string | null, auth: Buffer | null, address: string): Id | null {
  if (scheme === 'ip') return { scheme, id: address }
  if (scheme !== 'digest' || auth === null) return null
  const digest = createHash('sha1').update(auth).digest('base64')
  return { scheme, id: `${auth.toString('utf8').split(':', 1)[0]}:${digest}` }
}

/** This identity as whoAmI names it. */
export function userOf({ scheme, id }: Id): Id {
  return { scheme, id: scheme === 'digest' ? (id?.split(':', 1)[0] ?? null) : id }
}

function isWorld({ scheme, id }: Id): boolean {
  return scheme === 'world' && id === 'anyone'
}

function isValid({ scheme, id }: Id): boolean {
  if (id === null) return false
  // Colons at the end are ignored.
  if (scheme === 'digest') return /^[^:]*:[^:]+:*$/.test(id)
  return scheme === 'ip' && rangeOf(id) !== null
}

function matches(identity: Id, wanted: Id): boolean {
  if (identity.scheme !== wanted.scheme || identity.id === null || wanted.id === null) return false
  if (identity.scheme !== 'ip') return identity.id === wanted.id
  return rangeOf(wanted.id)?.check(identity.id, isIP(identity.id) === 6 ? 'ipv6' : 'ipv4') ?? false
}

/** `address` or `address/bits`. */
function rangeOf(id: string): BlockList | null {
  const [address = '', bits, ...rest] = id.split('/')
  const version = isIP(address)
  const width = version === 6 ? 128 : 32
  const prefix = bits === undefined ? width : /^\d+$/.test(bits) ? Number(bits) : -1
  if (version === 0 || rest.length > 0 || prefix < 0 || prefix > width) return null
  const range = new BlockList()
  range.addSubnet(address, prefix, version === 6 ? 'ipv6' : 'ipv4')
  return range
}
