import type { ViewedNode } from '../views/view.js'
import { readMember } from './member.js'
import type { Member, PresenceEvents } from './presence.js'

interface Entry<T> {
  readonly node: ViewedNode
  readonly member: Member<T>
}

/** Something that happened to a member. */
export type News<T> = {
  [Type in keyof PresenceEvents<T>]: readonly [type: Type, event: PresenceEvents<T>[Type]]
}[keyof PresenceEvents<T>]

/** The members of a room, as its view tells of their nodes. */
export interface Roster<T> {
  /** By the path of the member's node. */
  entry(path: string): Entry<T> | undefined
  /** In the order in which they came; frozen, and the same array until something changes. */
  members(): ReadonlyArray<Member<T>>
  /** Takes over what has become of these nodes; undefined: gone. */
  take(nodes: Iterable<readonly [path: string, node: ViewedNode | undefined]>): News<T>[]
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
    take(nodes) {
      const news: News<T>[] = []
      for (const [path, node] of nodes) {
        const previous = entries.get(path)?.member
        // What does not go with a session is no member.
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
