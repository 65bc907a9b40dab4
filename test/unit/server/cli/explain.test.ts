import { describe, expect, it } from 'vitest'
import { type ExplainFlags, runExplain } from '../../../../server/src/cli/explain.js'

const RULES = [
  { path: '/rooms/**', allow: ['read'] },
  { name: 'own presence', path: '/rooms/*/${sub}:*', allow: ['create:ephemeral', 'delete'] },
  { path: '/**', allow: ['create', 'delete'], when: { role: 'admin' } },
]

function explain(flags: ExplainFlags, env: Record<string, string> = {}) {
  const answers: string[] = []
  const problems: string[] = []
  const exitCode = runExplain(
    { sub: 'ada', op: 'getData', path: '/rooms/1', ...flags },
    { ZOOGATE_RULES: JSON.stringify(RULES), ...env },
    { answer: (line) => answers.push(line), problem: (line) => problems.push(line) },
  )
  return { exitCode, answer: answers.join('\n'), problem: problems.join('\n') }
}

describe('zoogate serve --explain', () => {
  it('names the rule that allows, as it reads for this subject', () => {
    const path = '/rooms/1/ada:tab'
    expect(explain({ op: 'create', mode: 'ephemeral', path, chroot: '/t' })).toEqual({
      exitCode: 0,
      answer: [
        'allowed: create:ephemeral on /rooms/1/ada:tab',
        '  by rule 2 of the configuration "own presence", /rooms/*/${sub}:*, here /rooms/*/ada:*: create:ephemeral, delete',
        '  the path in the ensemble: /t/rooms/1/ada:tab, below the chroot of the connect string',
      ].join('\n'),
      problem: '',
    })
  })

  it('names the nearest rules, and rules that do not apply, when an operation is forbidden', () => {
    expect(explain({ op: 'create', path: '/rooms/1/bob:tab' })).toEqual({
      exitCode: 1,
      answer: [
        'forbidden: create:persistent on /rooms/1/bob:tab',
        '  no rule allows it; the nearest rules are:',
        '  - rule 1 of the configuration, /rooms/**: read',
        '  - rule 2 of the configuration "own presence", /rooms/*/${sub}:*, here /rooms/*/ada:*: create:ephemeral, delete',
        '  - rule 3 of the configuration, /**: does not apply, the claim role is not "admin"',
        '  the path in the ensemble: /rooms/1/bob:tab, below the chroot of the connect string',
      ].join('\n'),
      problem: '',
    })
  })

  it('puts a rule with the wanted right before rules with a nearby path', () => {
    const rules = [
      { path: '/x/y', allow: ['read'] },
      { path: '/a/b/c', allow: ['read'] },
      { path: '/a/b', allow: ['read'] },
      { path: '/a/b/d', allow: ['write'] },
      { path: '/a/x', allow: ['write'] },
    ]
    const { answer } = explain({ op: 'setData', path: '/a/b/e' }, { ZOOGATE_RULES: JSON.stringify(rules) })
    const places = [...answer.matchAll(/rule (\d)/g)].map(([, place]) => place)
    expect(places).toEqual(['4', '2', '3'])
  })

  it('applies claims, the rules of a token, and lists of values', () => {
    expect(explain({ op: 'delete', path: '/x', claim: ['role=admin'] }).exitCode).toBe(0)
    expect(explain({ op: 'delete', path: '/x', claim: ['role=["a","admin"]'] }).exitCode).toBe(0)
    expect(explain({ op: 'delete', path: '/x', claim: ['role=editor'] }).exitCode).toBe(1)
    const own = explain({
      op: 'setData',
      path: '/x',
      chroot: '/t',
      claim: ['zk={"rules":[{"path":"/x","allow":["write"]}]}'],
    })
    expect(own.exitCode).toBe(0)
    expect(own.answer).toContain('by rule 1 of the token, /x: write')
    expect(own.answer).toContain('/t/x')
  })

  it('explains watches, subtrees, and operations that need no right', () => {
    expect(explain({ watch: true }).answer).toContain('allowed: read on /rooms/1\n')
    const recursive = explain({ op: 'addWatch', path: '/', recursive: true })
    expect(recursive.answer).toContain('forbidden: watch on / and everything below')
    expect(recursive.exitCode).toBe(1)
    const sequential = explain({ op: 'create', mode: 'ephemeral_sequential', path: '/q' })
    expect(sequential.answer).toContain(
      'forbidden: create:ephemeral_sequential on /q with any number behind it',
    )
    expect(explain({ op: 'removeWatch', path: '/x' })).toMatchObject({
      exitCode: 0,
      answer: expect.stringContaining('a session needs no right to ask about itself'),
    })
  })

  it('says when access is open, and when there is no rule', () => {
    expect(explain({ op: 'delete' }, { ZOOGATE_RULES: '[]', ZOOGATE_ACCESS: 'open' })).toMatchObject({
      exitCode: 0,
      answer: expect.stringContaining('access is open'),
    })
    const none = explain({ op: 'delete' }, { ZOOGATE_RULES: '[]' })
    expect(none).toMatchObject({
      exitCode: 1,
      answer: expect.stringContaining('no rule allows it; there is no rule'),
    })
  })

  it("shows the page's identity in ZooKeeper, without its password", () => {
    const { answer } = explain({}, { ZOOGATE_IDENTITY_SECRET: 'an identity secret of some length' })
    expect(answer).toMatch(/^ {2}in ZooKeeper the page is digest zoogate-[\w-]{22}$/m)
  })

  it('needs no secret of the tokens, and takes --path for the path of the node', () => {
    expect(explain({ path: '/rooms/2' }, { ZOOGATE_PATH: '/elsewhere' }).answer).toContain('on /rooms/2')
  })

  it.each<[ExplainFlags, Record<string, string>, string]>([
    [{ op: 'fly' }, {}, '--op: op is one of create,'],
    [{ op: 'multi' }, {}, 'each part of a multi on its own'],
    [{ op: 'create', mode: 'forever' }, {}, '--op, --mode: mode'],
    [{ path: '/a/../b' }, {}, '--path: a path has no parts . and ..'],
    [{ claim: ['role'] }, {}, '--claim'],
    [{ chroot: 'x' }, {}, "--sub, --claim, --chroot: the token's zk.chroot is unusable"],
    [{ sub: '' }, {}, "the token's sub"],
    [{}, { ZOOGATE_RULES: '[{"path":"/a"}]' }, 'rules.0.allow'],
    [{}, { ZOOGATE_ACCESS: 'open' }, 'ZOOGATE_ACCESS (--access)'],
    [{}, { ZOOGATE_NO_SUCH: '1' }, 'ZOOGATE_NO_SUCH'],
    [{ config: '/nowhere.json' }, {}, '/nowhere.json'],
  ])('exits with 2 and names the fault in %j %j', (flags, env, message) => {
    const { exitCode, answer, problem } = explain(flags, env)
    expect([exitCode, answer]).toEqual([2, ''])
    expect(problem).toContain(message)
  })

  it.each(['sub', 'op', 'path'])('exits with 2 without --%s', (name) => {
    const flags: ExplainFlags & Record<string, string> = { sub: 'ada', op: 'getData', path: '/rooms/1' }
    delete flags[name]
    const problems: string[] = []
    const print = { answer: () => undefined, problem: (line: string) => problems.push(line) }
    expect(runExplain(flags, {}, print)).toBe(2)
    expect(problems.join()).toContain(`--${name}: missing`)
  })
})
