import { spawn } from 'node:child_process'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from '../../../server/src/dev-ensemble/index.js'
import { describeWith } from '../../tools/requirements.js'
import { findZooKeeper } from '../../tools/zookeeper/find-zookeeper.js'

/** The start of a JVM takes most of it. */
const DEADLINE_MS = 40_000

describeWith('zookeeper')("ZooKeeper's own command line with the in-memory ensemble", () => {
  let ensemble: DevEnsemble
  beforeAll(async () => {
    ensemble = await startDevEnsemble({ extendedTypes: true })
  })
  afterAll(() => ensemble?.close())

  it(
    'creates, lists, reads, changes and deletes nodes',
    async () => {
      const output = await type([
        'create /a hello',
        'create -e /a/ephemeral',
        'create -s /a/n- x',
        'create -c /a/container',
        'create -t 60000 /a/mortal',
        'ls -R /a',
        'set -v 0 /a world',
        'set -v 0 /a late',
        'get -s /a',
        'delete /a',
        'getAllChildrenNumber /a',
        'getEphemerals /a',
        'deleteall /a',
        'ls /',
      ])
      expect(output).toContain('Created /a/n-0000000001')
      expect(output).toContain(
        ['/a', '/a/container', '/a/ephemeral', '/a/mortal', '/a/n-0000000001'].join('\n'),
      )
      expect(output).toContain('version No is not valid : /a')
      expect(output).toMatch(/^world\ncZxid = 0x[0-9a-f]+\n/m)
      expect(output).toMatch(/^cversion = 4$/m)
      expect(output).toContain('Node not empty: /a')
      expect(output).toMatch(/^4$/m)
      expect(output).toContain('[/a/ephemeral]')
      expect(output).toMatch(/^\[zookeeper\]$/m)
    },
    DEADLINE_MS,
  )

  it(
    'authenticates, sets permissions and watches',
    async () => {
      const output = await type([
        'whoami',
        'addauth digest ann:secret',
        'create /p private auth::cdrwa',
        'getAcl /p',
        'addWatch -m PERSISTENT_RECURSIVE /p',
        'create /p/child',
        'sync /p',
        'stat -w /p',
        'removewatches /p -d',
      ])
      expect(output).toMatch(/^ip: 127\.0\.0\.1$/m)
      expect(output).toMatch(/^'digest,'ann:[A-Za-z0-9+/=]+$/m)
      expect(output).toContain('type:NodeCreated path:/p/child')
      expect(output).toContain('Sync is OK')
    },
    DEADLINE_MS,
  )

  /** The output of the command line for these lines: answers on one stream, the rest on the other. */
  function type(lines: readonly string[]): Promise<string> {
    const installed = findZooKeeper()
    if (installed === null) throw new Error('no ZooKeeper is installed')
    const main = 'org.apache.zookeeper.ZooKeeperMain'
    const { java, classPath } = installed
    const child = spawn(java, ['-cp', classPath, main, '-server', ensemble.connectString])
    return new Promise((resolve, reject) => {
      let output = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text
        })
      }
      child.once('error', reject)
      child.once('close', () => resolve(output))
      child.stdin.end([...lines, 'quit', ''].join('\n'))
    })
  }
})
