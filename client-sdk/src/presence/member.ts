import type { ViewedNode } from '../views/view.js'
import type { Member } from './presence.js'

/** What the names of a group's members begin with; nothing without a group. */
export const prefixFor = (group: string | undefined): string =>
  group === undefined ? '' : `${encodeURIComponent(group)}:`

export function readMember<T>(path: string, node: ViewedNode): Member<T> {
  const id = path.slice(path.lastIndexOf('/') + 1)
  const [, group = null] = /^(.*?):/.exec(id) ?? []
  const text = node.text()
  return Object.freeze({
    id,
    // Other clients of the ensemble may have written both.
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
