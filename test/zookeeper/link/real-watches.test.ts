import { connect, type Socket } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EnsembleLink } from '../../../server/src/zookeeper/index.js'
import { describeWith } from '../../tools/requirements.js'
import { type RealEnsemble, realEnsemble } from '../../tools/zookeeper/real-ensemble.js'
import { ANYONE, answer, attachedToReal } from '../../tools/zookeeper-link/real-link.js'
import { type ChangeStep, WatchModel, type WatchStep } from '../../tools/zookeeper-link/watch-model.js'

/** A JVM's start on a busy machine, and a hundred histories. */
const LONG_MS = 60_000
const HISTORIES = 100

type Step = WatchStep | ChangeStep | { do: 'reconnect' }

const isChange = (step: WatchStep | ChangeStep): step is ChangeStep => 'create set delete'.includes(step.do)

function ignore(): void {}

const path = fc.constantFrom('/p', '/p/c')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('exists', 'getData', 'getChildren'), path }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('addWatch', 'removeWatch'),
      path,
      recursive: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('create', 'set', 'delete'), path }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reconnect' as const }) },
)

describeWith('zookeeper')('a watch on a real ZooKeeper server', () => {
  let ensemble: RealEnsemble
  let writer: EnsembleLink
  beforeAll(async () => {
    ensemble = await realEnsemble(1)
    writer = (await attachedToReal(ensemble.connectString, { sessionTimeoutMs: 10_000 })).link
  }, LONG_MS)
  afterAll(async () => {
    writer?.detach()
    await ensemble?.close()
  }, LONG_MS)

  const write = ({ do: change, path }: ChangeStep) =>
    answer<unknown>((cb) => {
      if (change === 'create') writer.create(path, Buffer.alloc(0), ANYONE, 0, cb)
      else if (change === 'set') writer.setData(path, Buffer.alloc(0), -1, cb)
      else writer.delete(path, -1, cb)
    })

  function watch(link: EnsembleLink, step: WatchStep): void {
    if (step.do === 'addWatch' || step.do === 'removeWatch') link[step.do](step.path, step.recursive, ignore)
    else link[step.do](step.path, true, ignore)
  }

  /** Plays the steps on a tree of its own, and compares the events after each change. */
  async function play(steps: Step[], root: string): Promise<void> {
    let socket: Socket | null = null
    const { link, recorder } = await attachedToReal(ensemble.connectString, {
      dial: ({ host, port }) => {
        socket = connect({ host, port })
        return socket
      },
    })
    await write({ do: 'create', path: root })
    const model = new WatchModel([root])
    for (const [at, relative] of steps.entries()) {
      if (relative.do === 'reconnect') {
        await answer((cb) => link.exists(root, false, cb))
        ;(socket as Socket | null)?.destroy()
        await recorder.until('lost', recorder.losses.length + 1)
        link.attach()
        await recorder.until('attached', recorder.sessions.length + 1)
        continue
      }
      const one = { ...relative, path: root + relative.path }
      if (isChange(one)) {
        if (!model.allows(one)) continue
        // Two, because answers to the first may make the link set watches again.
        await answer((cb) => link.exists(root, false, cb))
        await answer((cb) => link.exists(root, false, cb))
        const before = recorder.log.length
        expect(await write(one)).not.toBeTypeOf('string')
        await answer((cb) => link.exists(root, false, cb))
        expect(recorder.log.slice(before), `after step ${at} of ${JSON.stringify(steps)}`).toEqual(
          model.change(one),
        )
      } else {
        // Not awaited: the next request is sent while this one is under way.
        watch(link, one)
        model.watch(one)
      }
    }
    link.detach()
  }

  it(
    'fires once for each of its events, beside watches of every kind on its path, in any order of setting and removing',
    async () => {
      let tree = 0
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
          tree += 1
          await play(steps, `/tree-${tree}`)
        }),
        { numRuns: HISTORIES },
      )
    },
    LONG_MS,
  )
})
