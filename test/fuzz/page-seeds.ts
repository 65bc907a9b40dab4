import { OPENING, type Step } from './page-steps.js'

const call = (id: number, fields: object): string => JSON.stringify({ type: 'call', id, ...fields })
const afterOpening = (...texts: string[]): Step[] => [...OPENING, ...texts.map((text) => ({ text }))]

/** Corners that chance seldom finds, and what has mattered once. Each is played before anything is made up. */
export const PAGE_SEEDS: Record<string, Step[]> = {
  'hello twice in one frame': [
    {
      text: '[{"type":"hello","token":"$TOKEN","timeoutMs":2000},{"type":"hello","token":"$TOKEN","timeoutMs":1}]',
    },
    { wait: 'session' },
  ],
  'a call in the frame of the hello': [
    { text: `[{"type":"hello","token":"$TOKEN","timeoutMs":2000},${call(1, { op: 'exists', path: '/' })}]` },
    { wait: 'session' },
  ],
  'calls behind a close in one frame': afterOpening(
    `[${call(1, { op: 'sync', path: '/' })},{"type":"close"},${call(2, { op: 'exists', path: '/' })}]`,
  ),
  'one id for several calls': afterOpening(
    `[${call(0, { op: 'exists', path: '/' })},${call(0, { op: 'getData', path: '/' })},${call(0, { op: 'x' })}]`,
  ),
  'an id that is minus zero': afterOpening('{"type":"call","id":-0,"op":"exists","path":"/"}'),
  'keys twice, and the prototype': afterOpening(
    '{"__proto__":{"path":"/"},"type":"call","type":"ping","id":1,"id":2}',
    '{"type":"call","id":3,"op":"__proto__","path":"/"}',
    '{"type":"__proto__","id":4}',
    '{"type":"call","id":5,"op":"multi","parts":[{"op":"__proto__","path":"/"}]}',
  ),
  'a number behind the root of the chroot': afterOpening(
    call(1, { op: 'create', path: '/', mode: 'persistent_sequential' }),
    call(2, { op: 'multi', parts: [{ op: 'create', path: '/', mode: 'ephemeral_sequential' }] }),
  ),
  'the root made, deleted, and its list taken away': afterOpening(
    call(1, { op: 'create', path: '/' }),
    call(2, { op: 'delete', path: '/' }),
    call(3, { op: 'setACL', path: '/', acl: [{ scheme: 'world', id: 'anyone', permissions: ['read'] }] }),
    call(4, { op: 'create', path: '/a' }),
  ),
  'ephemeral nodes of a neighbour with the same beginning': afterOpening(
    call(1, { op: 'getEphemerals', path: '/' }),
    call(2, { op: 'getEphemerals', path: '/a' }),
  ),
  'the token of another chroot in the middle of a connection': afterOpening(
    '{"type":"token","token":"$OTHER_CHROOT"}',
    call(1, { op: 'getChildren', path: '/' }),
  ),
  'the session of another subject': [
    {
      text: '{"type":"hello","token":"$TOKEN","timeoutMs":2000,"resume":{"token":"$VICTIM_RESUME","zxid":"0x0","watches":{"data":[],"exist":[],"child":[]}}}',
    },
    { wait: 'session' },
  ],
  'its own session from the future': [
    {
      text: '{"type":"hello","token":"$TOKEN","timeoutMs":2000,"resume":{"token":"$RESUME","zxid":"0xffffffffffffffff","watches":{"data":["/"],"exist":[],"child":[]}}}',
    },
    { text: call(1, { op: 'exists', path: '/' }) },
  ],
  'text that is no UTF-8': [...OPENING, { bytes: 'wyjDKA==', binary: false }],
  'lone surrogates in data and in a path': afterOpening(
    '{"type":"call","id":1,"op":"create","path":"/a","data":"\\ud800"}',
    '{"type":"call","id":2,"op":"exists","path":"/\\udfff"}',
  ),
  'nesting without end': afterOpening('{"type":"call","id":1,"op":"exists","path":"/","x":"$DEEP"}', '$DEEP'),
  'an empty array, and arrays in arrays': afterOpening('[]', '[[]]'),
}
