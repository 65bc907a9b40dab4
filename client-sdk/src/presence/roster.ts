import type { ViewedNode } from '../views/view.js'
import type { Member, PresenceEvents } from './presence.js'

interface Entry<T> {
  readonly node: ViewedNode
  readonly member: Member<T>
}

/** An event of a member. */
export type News<T> = {
  [Type in keyof PresenceEvents<T>]: readonly [type: Type, event: PresenceEvents<T>[Type]]
}[keyof PresenceEvents<T>]

/** The members of a room, read from the nodes of its view. */
export interface Roster<T> {
  /** By the path of the member's node. */
  entry(path: string): Entry<T> | undefined
  /** In the order of joining; frozen, and the same array until it changes. */
  members(): ReadonlyArray<Member<T>>
  /** Applies changed nodes; undefined: deleted. */
  apply(nodes: Iterable<readonly [path: string, node: ViewedNode | undefined]>): News<T>[]
}

export function createRoster<T>(): Roster<T> {
  const entries = new Map<string, Entry<T>>()
  /** Null: not made since the last change. */
  let members: ReadonlyArray<Member<T>> | null = null

  return {
    entry: (path) => entries.get(path),
    members() {
      members ??= Object.freeze(
        [...entries.values()]
          .sort(({ node: a }, { node: b }) => Number(a.stat.czxid - b.stat.czxid))
          .map(({ member }) => member),
      )
      return members
    },
    apply(nodes) {
      const news: News<T>[] = []
      for (const [path, node] of nodes) {
        const previous = entries.get(path)?.member
        // A node that is not ephemeral is no member.
        if (node?.stat.owner) {
          const member = readMember<T>(path, node)
          entries.set(path, { node, member })
          news.push(previous ? ['changed', { member, previous }] : ['joined', { member }])
        } else if (previous) {
          entries.delete(path)
          news.push(['left', { member: previous }])
        }
      }
      if (news.length > 0) members = null
      return news
    },
  }
}

/** The beginning of the node names of a group's members; empty without a group. */
export const prefixFor = (group: string | undefined): string =>
  group === undefined ? '' : `${encodeURIComponent(group)}:`

function readMember<T>(path: string, node: ViewedNode): Member<T> {
  const id = path.slice(path.lastIndexOf('/') + 1)
  const [, group = null] = /^(.*?):/.exec(id) ?? []
  const text = node.text()
  return Object.freeze({
    id,
    // Other clients of the ensemble may have written name and data.
    group: group && attempt(() => decodeURIComponent(group), group),
    data: attempt(() => JSON.parse(text), text),
    mine: node.stat.owner === 'mine',
    joinedAt: node.stat.ctime,
  })
}

function attempt<T>(read: () => T, instead: T): T {
  try {
    return read()
  } catch {
    return instead
  }
}
