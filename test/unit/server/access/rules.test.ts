import { describe, expect, it } from 'vitest'
import {
  accessRuleSchema,
  CompiledRule,
  compileRules,
  RIGHT_BITS,
} from '../../../../server/src/access/rules.js'

const complaint = (rule: object) =>
  accessRuleSchema.safeParse({ path: '/a', allow: ['read'], ...rule }).error?.issues[0]?.message

describe('the rights that a rule can allow', () => {
  it('have a bit each, and two of them are sums', () => {
    const { read, create, ...single } = RIGHT_BITS
    expect(read).toBe(single.get | single.watch)
    const modes = Object.entries(single).filter(([name]) => name.startsWith('create:'))
    expect(create).toBe(modes.reduce((bits, [, bit]) => bits | bit, 0))
    expect(Object.values(single)).toEqual(Object.keys(single).map((_, at) => 2 ** at))
  })
})

describe('the form of a rule', () => {
  it('allows a name of 1 to 100 characters', () => {
    expect(complaint({ name: 'n'.repeat(100) })).toBe(undefined)
    expect(complaint({ name: 'n'.repeat(101) })).toContain('100')
  })

  it('quotes at most 200 characters of a wrong pattern, with the fault', () => {
    expect(complaint({ path: '/a/' })).toBe('the pattern "/a/": a path does not end with /')
    const long = 'a'.repeat(1000)
    expect(complaint({ path: long })).toBe(`the pattern "${long.slice(0, 200)}": a pattern begins with /`)
  })
})

describe('a compiled rule', () => {
  const origin = { source: 'token', at: 0 } as const

  it('has the bits of all rights that it allows', () => {
    const rule = new CompiledRule({ ...origin, rule: { path: '/a', allow: ['get', 'write', 'read'] } })
    expect(rule.bind({})).toMatchObject({ bits: RIGHT_BITS.read | RIGHT_BITS.write })
  })

  it('does not apply when a claim in its pattern is missing, and says so', () => {
    const rule = { path: '/${org}', allow: ['get' as const] }
    const bound = new CompiledRule({ ...origin, rule }).bind({})
    expect(bound).toEqual({ origin: { ...origin, rule }, problem: 'the claim org is missing' })
  })

  it('compares value and type of a claim', () => {
    const when = { level: 1, beta: true, role: 'x' }
    const rule = new CompiledRule({ ...origin, rule: { path: '/a', allow: ['get'], when } })
    const applies = (claims: object) => 'bits' in rule.bind({ level: 1, beta: true, role: 'x', ...claims })
    expect(applies({})).toBe(true)
    expect(applies({ level: [0, 1] })).toBe(true)
    expect(applies({ level: '1' })).toBe(false)
    expect(applies({ level: true })).toBe(false)
    expect(applies({ beta: 1 })).toBe(false)
    expect(applies({ beta: 'true' })).toBe(false)
    expect(applies({ role: [['x']] })).toBe(false)
    expect(applies({ role: 'xx' })).toBe(false)
  })

  it('names the condition that fails', () => {
    const when = { role: 'admin', level: 1 }
    const rule = new CompiledRule({ ...origin, rule: { path: '/a', allow: ['get'], when } })
    expect(rule.bind({ role: 'admin' })).toMatchObject({ problem: 'the claim level is not 1' })
    expect(rule.bind({ level: 1 })).toMatchObject({ problem: 'the claim role is not "admin"' })
  })

  it('knows its index in its list', () => {
    const rules = ['/a', '/b'].map((path) => ({ path, allow: ['get' as const] }))
    expect(compileRules('configuration', rules).map((rule) => rule.bind({}).origin)).toEqual([
      { source: 'configuration', at: 0, rule: rules[0] },
      { source: 'configuration', at: 1, rule: rules[1] },
    ])
  })
})
