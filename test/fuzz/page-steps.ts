import fc from 'fast-check'

/** What a page does next. Text may hold placeholders (`$TOKEN`, …), which the stage fills in. */
export type Step =
  | { text: string }
  /** Two fragments of one message, cut at this share of its bytes. */
  | { split: string; at: number }
  /** In base64; text frames may be no UTF-8. */
  | { bytes: string; binary: boolean }
  /** Goes on once there is a session, or the connection has ended. */
  | { wait: 'session' }

// ---- messages as they should be ----

const PATH_TRICKS = [
  '/..',
  '/../..',
  '/a/../../b',
  '/./a',
  '//',
  '//a',
  '/a/',
  '',
  'a',
  '/a\u0000b',
  '/a\nb',
  '/\ud800',
  '/\u{1f600}',
  '/%2e%2e',
  '/..%2f',
  '/\\..\\',
  '/a;/../b',
  '/．．',
  '/zookeeper/config',
  `/${'a'.repeat(3000)}`,
  '/a'.repeat(600),
]
const plainPath = fc
  .array(fc.constantFrom('a', 'b', 'c', 'ä', '...', '__proto__'), { maxLength: 3 })
  .map((names) => `/${names.join('/')}`)
const path = fc.oneof(
  { weight: 24, arbitrary: plainPath },
  { weight: 2, arbitrary: fc.constantFrom(...PATH_TRICKS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }).map((text) => `/${text}`) },
)
const data = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.base64String({ maxLength: 20 }).map((base64) => ({ base64 })),
)
const version = fc.constantFrom(-1, -1, -1, 0, 1, 2_147_483_647, -2_147_483_648)
const permission = fc.constantFrom('read', 'write', 'create', 'delete', 'admin')
const acl = fc.array(
  fc.record({
    scheme: fc.constantFrom('world', 'auth', 'digest', 'ip', 'super', 'x509', ''),
    id: fc.constantFrom('anyone', '', 'user:hash', '127.0.0.1', '0.0.0.0/0'),
    permissions: fc.array(permission, { maxLength: 5 }),
  }),
  { maxLength: 3 },
)
const mode = fc.constantFrom(
  'persistent',
  'ephemeral',
  'persistent_sequential',
  'ephemeral_sequential',
  'container',
)
const ttlMs = fc.constantFrom(1, 1000, 1_099_511_627_775)
const create = fc.oneof(
  { weight: 8, arbitrary: fc.record({ op: fc.constant('create'), path, data, mode }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('create'), path, mode, acl }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('create'),
      path,
      mode: fc.constantFrom('ttl', 'ttl_sequential'),
      ttlMs,
    }),
  },
)
const part = fc.oneof(
  create,
  fc.record({ op: fc.constant('setData'), path, data, version }),
  fc.record({ op: fc.constantFrom('delete', 'check'), path, version }),
)
const call = fc.oneof(
  create,
  fc.record({ op: fc.constant('setACL'), path, acl, version }),
  fc.record({ op: fc.constantFrom('exists', 'getData', 'getChildren'), path, watch: fc.boolean() }),
  fc.record({ op: fc.constantFrom('getACL', 'sync', 'getEphemerals', 'whoAmI'), path }),
  fc.record({ op: fc.constant('setData'), path, data, version }),
  fc.record({ op: fc.constant('delete'), path, version }),
  fc.record({ op: fc.constant('multi'), parts: fc.array(part, { minLength: 1, maxLength: 4 }) }),
  fc.record({ op: fc.constantFrom('addWatch', 'removeWatch'), path, recursive: fc.boolean() }),
)

/** Few ids, so that some come twice. */
const id = fc.nat({ max: 30 })
const token = fc.constantFrom('$TOKEN', '$EXPIRED', '$OTHER_CHROOT', '$FORGED', '')
const resumeToken = fc.constantFrom('$RESUME', '$VICTIM_RESUME', '$ALTERED_RESUME', '', 'AQ')
const zxid = fc.constantFrom('0x0', '0x1', '0xffffffffffffffff')
const watches = fc.record({
  data: fc.array(path, { maxLength: 2 }),
  exist: fc.array(path, { maxLength: 2 }),
  child: fc.array(path, { maxLength: 2 }),
  recursive: fc.array(path, { maxLength: 2 }),
})
const timeoutMs = fc.constantFrom(1, 1000, 60_000, 2_147_483_647)
const resume = fc.record({ token: resumeToken, zxid, watches })
const hello = fc.record({
  type: fc.constant('hello'),
  token,
  timeoutMs,
  resume: fc.option(resume, { nil: undefined }),
})
const usualCall = fc.tuple(id, call).map(([id, fields]) => ({ type: 'call', id, ...fields }))
const rareMessage = fc.oneof(
  { weight: 12, arbitrary: fc.record({ type: fc.constantFrom('ping', 'pong'), id }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('token'), token }) },
  { weight: 1, arbitrary: hello },
  { weight: 1, arbitrary: fc.constant({ type: 'close' }) },
)

// ---- messages as they should not be ----

const strange = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0.5, 2 ** 53, -(2 ** 31) - 1, '', '\ud800', '0x', [], {}, [[]]),
  fc.constantFrom('$HUGE', '$DEEP', '$TOKEN', '__proto__', 'constructor', 'toString'),
  fc.jsonValue({ maxDepth: 2 }),
)
const POISON = [
  '"__proto__":{"id":-1,"admin":true,"path":"/"},',
  '"constructor":{"prototype":{"admin":true}},',
  '"id":7,',
  '"type":"call",',
  '"toJSON":1,"then":1,"length":-1,',
]
const mutation = fc.record({
  at: fc.nat({ max: 50 }),
  change: fc.constantFrom('set', 'drop', 'add'),
  value: strange,
  poison: fc.constantFrom('', '', '', ...POISON),
  /** Whether the message may lose what it is answered by, which mostly ends the connection. */
  fatal: fc.constantFrom(true, ...Array<boolean>(15).fill(false)),
})

type Mutation = typeof mutation extends fc.Arbitrary<infer M> ? M : never

/** The places of everything that a message holds, however deep. */
function placesIn(holder: object): [object, string][] {
  return Object.entries(holder).flatMap(([key, value]) => {
    const here: [object, string] = [holder, key]
    return typeof value === 'object' && value !== null ? [here, ...placesIn(value)] : [here]
  })
}

function mutated(message: object, { at, change, value, poison, fatal }: Mutation): string {
  const copy = structuredClone(message)
  const places = placesIn(copy).filter(([, key]) => fatal || (key !== 'id' && key !== 'type'))
  const [holder, key] = places[at % places.length] ?? [copy, 'type']
  if (change === 'drop') Reflect.deleteProperty(holder, key)
  else Reflect.set(holder, change === 'set' ? key : `extra${at}`, value)
  return JSON.stringify(copy)
    .replace('{', () => `{${poison}`)
    .replace(',}', '}')
}

const messageText = fc.oneof(
  { weight: 60, arbitrary: usualCall.map((message) => JSON.stringify(message)) },
  { weight: 30, arbitrary: fc.tuple(usualCall, mutation).map(([message, how]) => mutated(message, how)) },
  { weight: 3, arbitrary: rareMessage.map((message) => JSON.stringify(message)) },
  { weight: 1, arbitrary: fc.tuple(rareMessage, mutation).map(([message, how]) => mutated(message, how)) },
)
const frameText = fc.oneof(
  { weight: 4, arbitrary: messageText },
  { weight: 1, arbitrary: fc.array(messageText, { maxLength: 8 }).map((texts) => `[${texts.join(',')}]`) },
)
const garbage = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  frameText.chain((text) => fc.nat({ max: text.length }).map((end) => text.slice(0, end))),
  fc.constantFrom(
    '$DEEP',
    '[$DEEP]',
    '$HUGE',
    '[[{}]]',
    'null',
    '[]',
    '""',
    '{"type":"call","op":"exists","path":"/"}',
  ),
)

const step = fc.oneof(
  { weight: 80, arbitrary: frameText.map((text): Step => ({ text })) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(frameText, fc.double({ min: 0, max: 1, noNaN: true }))
      .map(([split, at]): Step => ({ split, at })),
  },
  { weight: 1, arbitrary: garbage.map((text): Step => ({ text })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.base64String({ maxLength: 40 }), fc.boolean())
      .map(([bytes, binary]): Step => ({ bytes, binary })),
  },
)

/** Says hello as every page does, and waits for the session. */
export const OPENING: readonly Step[] = [
  { text: '{"type":"hello","token":"$TOKEN","timeoutMs":2000}' },
  { wait: 'session' },
]
const opening = fc.oneof(
  { weight: 16, arbitrary: fc.constant(OPENING) },
  { weight: 2, arbitrary: fc.constant(OPENING.slice(0, 1)) },
  {
    weight: 3,
    arbitrary: hello.map((message): readonly Step[] => [
      { text: JSON.stringify(message) },
      { wait: 'session' },
    ]),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(hello, mutation)
      .map(([message, how]): readonly Step[] => [{ text: mutated(message, how) }, { wait: 'session' }]),
  },
  { weight: 1, arbitrary: fc.constant<readonly Step[]>([]) },
)

/** What one page does from its first frame to its last. */
export const pageSteps: fc.Arbitrary<readonly Step[]> = fc
  .tuple(opening, fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }))
  .map(([first, then]) => [...first, ...then])
