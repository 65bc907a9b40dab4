import type { WatchLists } from 'zoogate-client/protocol'

/**
 * Checks a path by ZooKeeper's rules before any use of it, so that no `..` and no empty part can lead out of a chroot.
 * @returns the fault, or null
 */
export function pathProblem(path: string, maxLength: number): string | null {
  if (!path.startsWith('/')) return 'a path begins with /'
  if (path.length > maxLength) return `a path has at most ${maxLength} characters here`
  if (path === '/') return null
  if (path.endsWith('/')) return 'a path does not end with /'
  const bad = FORBIDDEN_CHARACTER.exec(path)
  if (bad) return `ZooKeeper does not allow the character U+${hex(bad[0])} in a path`
  for (const part of path.slice(1).split('/')) {
    if (part === '') return 'a path has no empty parts'
    if (part === '.' || part === '..') return 'a path has no parts . and ..'
  }
  return null
}

// ZooKeeper's PathUtils refuses controls, surrogates (and so all higher planes), private use and specials.
const FORBIDDEN_CHARACTER = /[\p{Cc}\uD800-\uF8FF\uFFF0-\uFFFF\u{10000}-\u{10FFFF}]/u

function hex(character: string): string {
  return (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')
}

/** The path for the ensemble. @param chroot '' or a path without a slash at its end */
export function withChroot(chroot: string, path: string): string {
  if (chroot === '') return path
  return path === '/' ? chroot : chroot + path
}

/** The path for the page. */
export function withoutChroot(chroot: string, path: string): string {
  return path.length === chroot.length ? '/' : path.slice(chroot.length)
}

/** Watches of a page as the ensemble knows them. */
export function absoluteLists(chroot: string, lists: WatchLists): WatchLists {
  const full = (paths: string[] = []) => paths.map((path) => withChroot(chroot, path))
  const { data, exist, child, persistent, recursive } = lists
  return {
    data: full(data),
    exist: full(exist),
    child: full(child),
    persistent: full(persistent),
    recursive: full(recursive),
  }
}
