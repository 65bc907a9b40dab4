import { afterAll, beforeAll, expect, it } from 'vitest'
import { RandomMember } from '../../tools/end-to-end/views-random-member.js'
import { type Stage, setStage } from '../../tools/end-to-end/views-random-stage.js'
import { endRuns } from '../../tools/gateway/gateway-process.js'
import { describeWith } from '../../tools/requirements.js'
import { seededRandom } from '../../tools/seeded-random.js'
import { waitUntil } from '../../tools/wait-until.js'

const ROUNDS = 100
const MEMBERS = 8
/** Members that act in one round. */
const BUSY = 4
/** Every seed is another run; the test always runs this one. */
const SEED = 20
/** The longest wait between two attempts of a page, 5 s, and the attempt. */
const QUIET_DEADLINE_MS = 15_000
/** A quarter of the rounds waits for pages that come back; a restarted server takes seconds. */
const DEADLINE_MS = 150_000

type Fault = (stage: Stage, index: number) => Promise<void>

/** The weights add up to a hundred. At its end a fault has brought links and processes back. */
const FAULTS: readonly { weight: number; name: string; fault: Fault }[] = [
  { weight: 74, name: 'none', fault: async () => undefined },
  { weight: 8, name: 'drop pages', fault: async ({ gateways }, index) => gateways[index]?.front.drop() },
  {
    weight: 4,
    name: 'reset pages',
    fault: async ({ gateways }, at) => gateways[at]?.front.drop({ reset: true }),
  },
  {
    weight: 8,
    // With its pages: a page that loses its link again and again within a timeout counts as taken over.
    name: 'reset all links of a gateway',
    fault: async ({ gateways }, index) => {
      gateways[index]?.back.drop({ reset: true })
      gateways[index]?.front.drop({ reset: true })
    },
  },
  { weight: 4, name: 'restart a gateway', fault: async ({ gateways }, index) => gateways[index]?.restart() },
  { weight: 2, name: 'restart the server', fault: ({ ensemble }) => ensemble.restart(0) },
]

function draw(random: () => number): { name: string; fault: Fault } {
  let left = random() * 100
  for (const one of FAULTS) {
    left -= one.weight
    if (left < 0) return one
  }
  throw new RangeError('the weights make less than a hundred')
}

describeWith('zookeeper', 'kazoo')('pages in a room', () => {
  let stage: Stage
  const members: RandomMember[] = []
  beforeAll(async () => {
    stage = await setStage()
  })
  afterAll(async () => {
    await Promise.all(members.map((member) => member.close()))
    await stage.close()
    await endRuns()
  })

  const open = async (index: number, round: number) => {
    const member = new RandomMember(`page-${index}-of-round-${round}`, stage.urls)
    members[index] = member
    await member.client.connect()
  }
  const actions = (random: () => number, round: number): Promise<void>[] =>
    Array.from({ length: BUSY }, (_, slot) => {
      // No member acts twice in a round.
      const index = slot * (MEMBERS / BUSY) + Math.floor(random() * (MEMBERS / BUSY))
      const member = members[index] as RandomMember
      const choice = random()
      if (!member.isIn) return member.join()
      if (choice < 0.6) return member.update()
      if (choice < 0.9) return member.leave()
      return member.close().then(() => open(index, round))
    })

  it(
    `show what ZooKeeper holds at every quiet point of ${ROUNDS} rounds (seed ${SEED})`,
    async () => {
      const random = seededRandom(SEED)
      await Promise.all(Array.from({ length: MEMBERS }, (_, index) => open(index, 0)))
      const faults: Record<string, number> = {}
      for (let round = 1; round <= ROUNDS; round++) {
        const { name, fault } = draw(random)
        faults[name] = (faults[name] ?? 0) + 1
        const gateway = Math.floor(random() * stage.gateways.length)
        await Promise.all([...actions(random, round), fault(stage, gateway)])
        await waitUntil(
          `all pages show the room (round ${round}, ${name})`,
          async () => {
            const room = await stage.room()
            return room !== null && members.every((member) => member.shows(room))
          },
          { timeoutMs: QUIET_DEADLINE_MS, intervalMs: 10 },
        ).catch(async (cause) => {
          const room = JSON.stringify([...((await stage.room()) ?? [])])
          throw new Error([`ZooKeeper: ${room}`, ...members.map((one) => one.describe())].join('\n'), {
            cause,
          })
        })
        expect(members.flatMap(({ contradictions }) => contradictions)).toEqual([])
      }
      console.log(`seed ${SEED}: ${JSON.stringify(faults)}`)
      expect(Object.keys(faults).length).toBe(FAULTS.length)
    },
    DEADLINE_MS,
  )
})
