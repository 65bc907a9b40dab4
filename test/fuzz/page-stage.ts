import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { type DevEnsemble, startDevEnsemble } from 'zoogate/dev-ensemble'
import { CLOSE_CODES, type GatewayMessage } from 'zoogate-client/protocol'
import {
  closeGateways,
  RESUME_KEY,
  SECRET,
  silentLog,
  startGateway,
  token,
} from '../tools/gateway/gateway-fixture.js'
import { RawPage } from '../tools/gateway/raw-page.js'
import { waitUntil } from '../tools/wait-until.js'
import { type AnswersDue, add, addAnswersDue, noAnswersDue } from './answers-due.js'
import type { Step } from './page-steps.js'

/** What one page may do must not be slowed down here, where one address plays thousands of pages in a row. */
const MUCH = 1_000_000
const LIMITS = {
  maxConnectsPerSecond: MUCH,
  connectBurst: MUCH,
  maxMessagesPerSecond: MUCH,
  maxMessagesPerSecondPerSubject: MUCH,
  maxSessions: MUCH,
  maxSessionsPerSubject: MUCH,
  // The lag of a busy machine is no matter of frames.
  maxEventLoopLagMs: MUCH,
}
/** A chroot fills with nodes, and with access control lists that no page can change. */
const RUNS_PER_CHROOT = 50
/** Of the WebSocket protocol itself: a text frame that is no UTF-8. */
const INVALID_PAYLOAD = 1007
const VERDICTS = new Set<number>([...Object.values(CLOSE_CODES), INVALID_PAYLOAD])
VERDICTS.delete(CLOSE_CODES.INTERNAL)

const DEEP = 20_000

/** A gateway, a hostile page below a chroot, and honest ones that it must not reach. */
export class PageStage {
  readonly #ensemble: DevEnsemble
  readonly #url: string
  readonly #honest: RawPage
  /** Lives in the same chroot as the hostile page. */
  #victim: RawPage | null = null
  /** What stands beside the chroot of the moment. */
  readonly #siblings = ['secret']
  /** Nothing of this is ever sent by the hostile page, so that nothing of it may ever be sent to it. */
  readonly #secrets: string[]
  readonly #hidden = `hidden-${randomBytes(6).toString('hex')}`
  readonly #faults: unknown[]
  #runs = 0
  #placeholders: Record<string, string> = {}
  #resumeToken = ''

  private constructor(ensemble: DevEnsemble, url: string, honest: RawPage, faults: unknown[]) {
    this.#ensemble = ensemble
    this.#url = url
    this.#honest = honest
    this.#faults = faults
    this.#secrets = [this.#hidden, SECRET, RESUME_KEY]
  }

  static async open(): Promise<PageStage> {
    const ensemble = await startDevEnsemble({ servers: 1, tickTimeMs: 500, extendedTypes: true })
    const faults: unknown[] = []
    const log = { ...silentLog, error: (fields: object, message: string) => faults.push({ fields, message }) }
    const { url } = await startGateway(ensemble.connectString, { log, limits: LIMITS })
    const honest = await RawPage.connect(url, { token: token('honest') })
    const stage = new PageStage(ensemble, url, honest, faults)
    stage.#keepSecret((await honest.session()).id)
    await stage.#honest.call('create', { path: `/${stage.#hidden}` })
    const secret = { path: `/${stage.#hidden}/secret`, data: stage.#hidden, mode: 'ephemeral' } as const
    await stage.#honest.call('create', secret)
    return stage
  }

  async close(): Promise<void> {
    await closeGateways()
    await this.#ensemble.close()
  }

  /** Plays a page that does this, and checks everything that must be true whatever it does. */
  async play(steps: readonly Step[]): Promise<void> {
    if (this.#runs++ % RUNS_PER_CHROOT === 0) await this.#beginChroot()
    const page = await RawPage.open(this.#url)
    const frames: string[] = []
    page.socket.on('message', (bytes: Buffer) => frames.push(bytes.toString('utf8')))
    const due = noAnswersDue()
    try {
      for (const step of steps) await this.#take(page, step, due)
      await this.#settled(page, due)
      this.#checkAnswers(page, due)
      this.#checkFrames(frames)
      if (page.closedWith !== null) expect(VERDICTS).toContain(page.closedWith)
      // Taken out, so that a smaller failing input is one that fails by itself.
      expect(this.#faults.splice(0)).toEqual([])
      this.#resumeToken = newest(page.messages)?.resumeToken ?? this.#resumeToken
    } finally {
      page.cut()
    }
    await this.#checkOthers()
  }

  async #beginChroot(): Promise<void> {
    const name = String(this.#runs)
    const path = `/${this.#hidden}/${name}`
    this.#siblings.push(name)
    expect(await this.#honest.call('create', { path })).toMatchObject({ type: 'reply' })
    const claims = { zk: { chroot: path } }
    this.#victim?.cut()
    this.#victim = await RawPage.connect(this.#url, { token: token('victim', claims) })
    const { id, resumeToken } = await this.#victim.session()
    this.#keepSecret(id)
    const altered = Buffer.from(resumeToken, 'base64url')
    altered[20]! ^= 1
    this.#resumeToken = ''
    this.#placeholders = {
      $TOKEN: token('mallory', claims),
      $EXPIRED: token('mallory', claims, { expiresIn: -3600 }),
      $OTHER_CHROOT: token('mallory', { zk: { chroot: `${path}/a` } }),
      $FORGED: `${token('victim').slice(0, -4)}AAAA`,
      $VICTIM_RESUME: resumeToken,
      $ALTERED_RESUME: altered.toString('base64url'),
      '"$DEEP"': '['.repeat(DEEP) + ']'.repeat(DEEP),
      $DEEP: '['.repeat(DEEP),
      '"$HUGE"': '1e999',
    }
  }

  #keepSecret(sessionId: string): void {
    this.#secrets.push(sessionId.slice(2), BigInt(sessionId).toString())
  }

  #filled(text: string): string {
    let filled = text.replaceAll('$RESUME', this.#resumeToken)
    for (const [name, value] of Object.entries(this.#placeholders)) filled = filled.replaceAll(name, value)
    return filled
  }

  async #take(page: RawPage, step: Step, due: AnswersDue): Promise<void> {
    if (page.closedWith !== null) return
    if ('wait' in step) {
      await waitUntil(
        'there is a session or the connection has ended',
        () => page.closedWith !== null || newest(page.messages) !== undefined,
        { intervalMs: 1 },
      )
      return
    }
    if ('bytes' in step) {
      page.socket.send(Buffer.from(step.bytes, 'base64'), { binary: step.binary })
      if (!step.binary) addAnswersDue(due, Buffer.from(step.bytes, 'base64').toString('utf8'))
      return
    }
    const text = this.#filled('text' in step ? step.text : step.split)
    addAnswersDue(due, text)
    if ('text' in step) {
      page.sendText(text)
      return
    }
    const bytes = Buffer.from(text)
    const cut = Math.floor(step.at * bytes.length)
    page.socket.send(bytes.subarray(0, cut), { fin: false, binary: false })
    page.socket.send(bytes.subarray(cut), { fin: true, binary: false })
  }

  /** Every answer that is due has come, or the connection has ended. */
  #settled(page: RawPage, { least }: AnswersDue): Promise<true> {
    const answered = () => {
      const counts = answersIn(page.messages)
      return [...least].every(([id, count]) => (counts.get(id) ?? 0) >= count)
    }
    const what = 'every call is answered or the connection has ended'
    return waitUntil(what, () => page.closedWith !== null || answered(), { intervalMs: 1, timeoutMs: 5_000 })
  }

  #checkAnswers(page: RawPage, { most }: AnswersDue): void {
    for (const [id, count] of answersIn(page.messages)) {
      expect(count, `answers with the id ${id}`).toBeLessThanOrEqual(most.get(id) ?? 0)
    }
    // Nothing that a page asks may cost its link to the ensemble.
    expect(page.messages.filter(({ type }) => type === 'suspended')).toEqual([])
  }

  #checkFrames(frames: string[]): void {
    for (const text of frames) {
      for (const secret of this.#secrets) expect(text).not.toContain(secret)
    }
  }

  /** The honest page is served, and outside the chroot nothing is new, changed or gone. */
  async #checkOthers(): Promise<void> {
    this.#honest.messages.length = 0
    const [secret, root, siblings] = await Promise.all([
      this.#honest.call('getData', { path: `/${this.#hidden}/secret` }),
      this.#honest.call('getChildren', { path: '/' }),
      this.#honest.call('getChildren', { path: `/${this.#hidden}` }),
    ])
    expect(secret).toMatchObject({
      result: { data: this.#hidden, stat: { owner: 'mine', version: 0, aversion: 0 } },
    })
    expect(root).toMatchObject({ result: { children: expect.toSatisfy(only('zookeeper', this.#hidden)) } })
    expect(siblings).toMatchObject({ result: { children: expect.toSatisfy(only(...this.#siblings)) } })
    expect(this.#victim?.closedWith).toBeNull()
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  }
}

function newest(messages: GatewayMessage[]) {
  return messages.findLast((message) => message.type === 'session')
}

function answersIn(messages: GatewayMessage[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const message of messages) {
    if (message.type === 'reply' || message.type === 'error') add(counts, message.id)
  }
  return counts
}

const only =
  (...names: string[]) =>
  (given: string[]) =>
    given.every((name) => names.includes(name))
