import { posix } from 'node:path'

/** One file of the repository. `path` is relative to the root, with slashes. */
export interface SourceFile {
  path: string
  text: string
}

// Anchored to the line's start, so that prose and strings that talk about imports are none.
const STATIC_IMPORT = /^\s*import\s+(?:type\s+)?[\w$*{}\s,]+?\s*from\s*['"]([^'"]+)['"]/gm
const BARE_IMPORT = /^\s*import\s*['"]([^'"]+)['"]/gm
const RE_EXPORT = /^\s*export\s+(?:type\s+)?(?:\*(?:\s+as\s+[\w$]+)?|\{[^}]*\})\s*from\s*['"]([^'"]+)['"]/gm
const CALLED_IMPORT = /\b(?:import|require)\(\s*['"]([^'"]+)['"]/g

const CODE = /\.(?:ts|tsx|mts|cts|js|mjs|cjs)$/

export function isCode({ path }: SourceFile): boolean {
  return CODE.test(path)
}

/** What a file imports, as written, in any form. */
export function importsOf({ text }: SourceFile): string[] {
  const matches = [STATIC_IMPORT, BARE_IMPORT, RE_EXPORT, CALLED_IMPORT].flatMap((form) => [
    ...text.matchAll(form),
  ])
  return matches.map(([, name]) => name as string)
}

export function isRelative(name: string): boolean {
  return name.startsWith('.')
}

/** The path of a relatively imported source file: TypeScript names the `.js` that a `.ts` becomes. */
export function resolveImport(from: SourceFile, name: string): string {
  return posix.join(posix.dirname(from.path), name).replace(/\.js$/, '.ts')
}

/** The package of an import by name, without the path inside it: `a/b` of `@s/a/b` is `@s/a`. */
export function packageOf(name: string): string {
  const [first, second] = name.split('/')
  return name.startsWith('@') ? `${first}/${second}` : (first as string)
}
