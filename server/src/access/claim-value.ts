import { pathProblem } from '../wire/path.js'

/** What a token says, as it was signed. */
export type Claims = Readonly<Record<string, unknown>>

export type ClaimText = { ok: true; text: string } | { ok: false; problem: string }

/**
 * The value of a claim. The whole name counts first, since names may hold dots themselves
 * (`https://example.com/role`); else each dot is a step into an object (`org.team`).
 * @returns undefined for a claim that is not there
 */
export function claimAt(claims: unknown, name: string): unknown {
  if (typeof claims !== 'object' || claims === null) return undefined
  if (Object.hasOwn(claims, name)) return (claims as Claims)[name]
  const dot = name.indexOf('.')
  if (dot === -1 || !Object.hasOwn(claims, name.slice(0, dot))) return undefined
  return claimAt((claims as Claims)[name.slice(0, dot)], name.slice(dot + 1))
}

/** A claim as text that can stand in one part of a path, or why it cannot. */
export function claimText(claims: Claims, name: string): ClaimText {
  const value = claimAt(claims, name)
  if (value === undefined || value === null) return problem(name, 'is missing')
  // A longer number has lost digits on the way here: two people would have one.
  const usable = typeof value === 'string' || Number.isSafeInteger(value)
  if (!usable) return problem(name, 'is neither text nor a whole number that keeps all its digits')
  const text = String(value)
  if (text === '') return problem(name, 'is empty')
  if (text.includes('/')) return problem(name, 'holds a slash')
  const unfit = pathProblem(`/${text}`, Number.POSITIVE_INFINITY)
  return unfit === null ? { ok: true, text } : problem(name, `cannot be part of a path: ${unfit}`)
}

function problem(name: string, what: string): ClaimText {
  return { ok: false, problem: `the claim ${name} ${what}` }
}
