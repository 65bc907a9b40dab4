import { posix } from 'node:path'
import type { SourceFile } from './imports.js'

/** Documents that lead a reader through the sources: each path in them must lead to a file or folder. */
const GUIDES = ['ARCHITECTURE.md', '.github/CONTRIBUTING.md']

/** What a path in a document may begin at, beside the top of the repository. */
const ROOTS = ['', 'server/src/', 'client-sdk/src/', 'test/']

const LINK = /\]\(([^)#\s]+)(?:#[^)]*)?\)/g
const CODE_SPAN = /`([^`\n]+)`/g
/** A span that is a path and nothing else: with an ending that sources have, or with a slash at its end. */
const PATH = /^[\w.-]+(?:\/[\w.-]+)*(?:\.(?:[cm]?[jt]sx?|json|md|ya?ml|html|css|py)|\/)$/

/** A sentence for each path in a guide at which there is nothing. */
export function missingPaths(files: SourceFile[]): string[] {
  const known = new Set(files.flatMap(({ path }) => [path, ...foldersOf(path)]))
  const names = new Set(files.map(({ path }) => posix.basename(path)))
  const exists = (path: string) =>
    names.has(path) || ROOTS.some((root) => known.has(posix.join(root, path).replace(/\/$/, '')))
  return files
    .filter(({ path }) => GUIDES.includes(path))
    .flatMap((guide) => {
      const links = [...guide.text.matchAll(LINK)]
        .map(([, to]) => to as string)
        .filter((to) => !/^\w+:/.test(to))
        .map((to) => posix.join(posix.dirname(guide.path), to))
      const spans = [...guide.text.matchAll(CODE_SPAN)]
        .map(([, span]) => span as string)
        .filter((span) => PATH.test(span))
      return [...links, ...spans]
        .filter((path) => !exists(path))
        .map((path) => `${guide.path} names ${path}, which is not there`)
    })
}

function foldersOf(path: string): string[] {
  const folder = posix.dirname(path)
  return folder === '.' ? [] : [folder, ...foldersOf(folder)]
}
