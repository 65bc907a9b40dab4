import type { Operation, Operations } from 'zoogate-client/protocol'
import { grantsOf, type Identity, identityOf } from '../access/claims.js'
import { accessRefusal, type Need, partsOf, type Rights } from '../access/rights.js'
import { type BoundRule, RIGHT_BITS, type RuleOrigin } from '../access/rules.js'
import { accessContradictions } from '../config/contradictions.js'
import { ConfigError, gatewayOptionsSchema, problemLines } from '../config/options.js'
import { readSettings, settingNames } from '../config/sources.js'
import { FIXED_LIMITS } from '../limits/limits.js'
import { isOperation } from '../session/calls.js'
import { OPERATIONS, type Row } from '../session/operations.js'
import { problemOf } from '../wire/fields.js'
import { withChroot } from '../wire/path.js'
import { parseClaim } from './token.js'

/** The options that a decision depends on. A token's secret is not needed. */
const accessOptionsSchema = gatewayOptionsSchema.pick({
  access: true,
  rules: true,
  identitySecret: true,
  nodeAcl: true,
})

export interface ExplainFlags {
  config?: string
  sub?: string
  claim?: string[]
  chroot?: string
  op?: string
  path?: string
  mode?: string
  watch?: boolean
  recursive?: boolean
}

const EXIT_CODES = { allowed: 0, forbidden: 1 } as const
const BAD_USAGE = 2

/** The rules that an answer lists; a longer list would hide the nearest ones. */
const NEAREST = 3

/** Prints the decision of the rules and its reason. @returns the exit code: 0 allowed, 1 forbidden, 2 bad usage */
export function runExplain(
  flags: ExplainFlags & Record<string, unknown>,
  env: Readonly<Record<string, string | undefined>> = process.env,
  print: { answer(line: string): void; problem(line: string): void } = {
    answer: console.log,
    problem: console.error,
  },
): number {
  try {
    const { verdict, lines } = explanationOf(flags, env)
    for (const line of lines) print.answer(line)
    return EXIT_CODES[verdict]
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    print.problem(`zoogate: ${error.message.replaceAll('\n', '\nzoogate: ')}`)
    return BAD_USAGE
  }
}

function explanationOf(
  flags: ExplainFlags & Record<string, unknown>,
  env: Readonly<Record<string, string | undefined>>,
): Explanation {
  // With --explain, --path is the path of the node; the path of the WebSocket plays no part.
  const { path: _, ...settings } = flags
  const { gateway } = readSettings({ flags: settings, env, configFile: flags.config })
  const checked = accessOptionsSchema.safeParse(gateway)
  const problems = checked.success
    ? accessContradictions(checked.data, settingNames)
    : problemLines(checked.error, settingNames)
  if (!checked.success || problems.length > 0) throw new ConfigError(problems.join('\n'))
  const identity = identityOf(claimsOf(flags), 0, grantsOf(checked.data))
  if (typeof identity === 'string') throw new ConfigError(`--sub, --claim, --chroot: ${identity}`)
  return explain(questionOf(flags), identity, FIXED_LIMITS.maxPathLength)
}

export interface Explanation {
  verdict: 'allowed' | 'forbidden'
  lines: string[]
}

/** @throws ConfigError for a path that no rule could allow */
export function explain({ op, needs }: Question, identity: Identity, maxPathLength: number): Explanation {
  const refusal = accessRefusal(needs, identity.rights, maxPathLength)
  if (refusal?.code === 'BAD_REQUEST') throw new ConfigError(`--path: ${refusal.message}`)
  const verdict = refusal === null ? 'allowed' : 'forbidden'
  const decisions = needs.flatMap((need) => [
    `${verdict}: ${need.right ?? op} on ${need.path}${scopeOf(need)}`,
    ...(refusal === null ? reasonsFor(need, identity.rights) : reasonsAgainst(need, identity.rights)),
    `  the path in the ensemble: ${withChroot(identity.chroot, need.path)}, below the chroot of the connect string`,
  ])
  const users = identity.auth.map(({ auth }) => `  in ZooKeeper the page is digest ${auth.split(':', 1)[0]}`)
  return { verdict, lines: [...decisions, ...users] }
}

function scopeOf({ scope = 'node' }: Need): string {
  const words = {
    node: '',
    children: ' and its children',
    subtree: ' and everything below',
    sequence: ' with any number behind it',
  }
  return words[scope]
}

function reasonsFor(need: Need, rights: Rights): string[] {
  if (need.right === null) return ['  a session needs no right to ask about itself']
  if (rights.rules === null) return ['  access is open: everything under the chroot is allowed']
  return rights.decidingRules(need).map((rule) => `  by ${described(rule)}`)
}

function reasonsAgainst({ right, path }: Need, rights: Rights): string[] {
  const parts = partsOf(path)
  const wanted = right === null ? 0 : RIGHT_BITS[right]
  const nearness = ({ bits, pattern }: BoundRule) =>
    pattern.commonParts(parts) + (pattern.covers(parts, 'node') ? 1 : 0) + ((bits & wanted) === 0 ? 0 : 1)
  const near = [...(rights.rules ?? [])].sort((a, b) => nearness(b) - nearness(a)).slice(0, NEAREST)
  const idle = rights.unbound.filter(({ origin }) =>
    origin.rule.allow.some((allowed) => (RIGHT_BITS[allowed] & wanted) !== 0),
  )
  return [
    `  no rule allows it${near.length + idle.length === 0 ? '; there is no rule' : '; the nearest rules are:'}`,
    ...near.map((rule) => `  - ${described(rule)}`),
    ...idle.slice(0, NEAREST).map((rule) => `  - ${named(rule.origin)}: does not apply, ${rule.problem}`),
  ]
}

function described({ origin, pattern }: BoundRule): string {
  const bound = String(pattern)
  const value = bound === origin.rule.path ? '' : `, here ${bound}`
  return `${named(origin)}${value}: ${origin.rule.allow.join(', ')}`
}

function named({ source, at, rule }: RuleOrigin): string {
  const name = rule.name === undefined ? '' : ` "${rule.name}"`
  return `rule ${at + 1} of the ${source}${name}, ${rule.path}`
}

function claimsOf({ sub, claim = [], chroot }: ExplainFlags): Record<string, unknown> {
  if (sub === undefined) throw new ConfigError('--sub: missing; give the subject of the token')
  const claims: Record<string, unknown> = Object.fromEntries(claim.map(parseClaim))
  const zk = chroot === undefined ? claims.zk : { ...(claims.zk as object | undefined), chroot }
  return { ...claims, sub, ...(zk !== undefined && { zk }) }
}

interface Question {
  op: Operation
  needs: readonly Need[]
}

function questionOf({ op, path, mode, watch, recursive }: ExplainFlags): Question {
  if (op === undefined) throw new ConfigError('--op: missing; give create, delete, getData, …')
  if (op === 'multi') throw new ConfigError('--op: ask for each part of a multi on its own')
  if (path === undefined && op !== 'whoAmI')
    throw new ConfigError('--path: missing; give the path of the node')
  if (!isOperation(op)) throw new ConfigError(`--op: op is one of ${Object.keys(OPERATIONS).join(', ')}`)
  const row = OPERATIONS[op] as Row<Operation>
  const parsed = row.schema.safeParse({
    // Fields that an operation needs and the rules ignore.
    data: '',
    ...(op === 'setACL' && { acl: [{ scheme: 'world', id: 'anyone', permissions: ['read'] }] }),
    path,
    mode,
    watch,
    recursive,
  })
  if (!parsed.success) throw new ConfigError(`--op, --mode: ${problemOf(parsed.error)}`)
  return { op, needs: row.needs(parsed.data as Operations[Operation]) }
}
