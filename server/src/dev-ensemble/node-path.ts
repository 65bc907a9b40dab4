import { ERR, Refusal } from './protocol.js'

/** UTF-16 units that no path may have. Most emoji consist of them. */
const FORBIDDEN_UNITS = [
  [0x0000, 0x001f],
  [0x007f, 0x009f],
  [0xd800, 0xf8ff],
  [0xfff0, 0xffff],
] as const

/** @throws Refusal with BAD_ARGUMENTS unless a node may have this path. */
export function checkPath(path: string): void {
  if (path === '/') return
  const steps = path.split('/')
  const bad =
    steps[0] !== '' ||
    steps.length < 2 ||
    steps.slice(1).some((step) => step === '' || step === '.' || step === '..') ||
    hasForbiddenUnit(path)
  if (bad) throw new Refusal(ERR.BAD_ARGUMENTS)
}

/**
 * The path of the parent. The parent of the root is the root: a caller that must not change the root checks for it.
 *
 * @throws Refusal with BAD_ARGUMENTS if there is no slash.
 */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  if (slash === -1 || path.includes('\0')) throw new Refusal(ERR.BAD_ARGUMENTS)
  return slash === 0 ? '/' : path.slice(0, slash)
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function hasForbiddenUnit(path: string): boolean {
  for (let i = 0; i < path.length; i++) {
    const unit = path.charCodeAt(i)
    if (FORBIDDEN_UNITS.some(([first, last]) => unit >= first && unit <= last)) return true
  }
  return false
}
