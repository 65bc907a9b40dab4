import { describe, expect, it } from 'vitest'
import { ConfigError, checkOptions, type GatewayOptions } from '../../../../server/src/config/options.js'
import { settingNames } from '../../../../server/src/config/sources.js'
import { silentLog } from '../../../tools/gateway/gateway-fixture.js'

const good: GatewayOptions = {
  zookeeper: '127.0.0.1:2181',
  jwt: { secret: 'x'.repeat(32) },
  log: silentLog,
}
const check = (options: Partial<GatewayOptions>) => checkOptions({ ...good, ...options }, settingNames)

function problemsOf(options: Partial<GatewayOptions>): string[] {
  try {
    check(options)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n')
  }
}

describe('the check for contradictions', () => {
  it.each<[NonNullable<GatewayOptions['limits']>, string]>([
    [
      { maxSessions: 10, maxSessionsPerSubject: 11 },
      'ZOOGATE_MAX_SESSIONS_PER_SUBJECT (--max-sessions-per-subject): 11 is more than ZOOGATE_MAX_SESSIONS (--max-sessions) allows, 10',
    ],
    [{ maxSessionsPerSubject: 20_001 }, 'lower the first or raise the second'],
    [
      { maxConnections: 10, maxUnauthenticated: 11 },
      'ZOOGATE_MAX_UNAUTHENTICATED (--max-unauthenticated): 11 is more than ZOOGATE_MAX_CONNECTIONS (--max-connections) allows, 10',
    ],
    [
      { maxDataBytes: 9_000_000 },
      'ZOOGATE_MAX_DATA_BYTES (--max-data-bytes): the reply with a node of 9000000 bytes takes 12001024, more than may wait for a page; ' +
        'lower it, or raise ZOOGATE_MAX_BUFFERED_BYTES (--max-buffered-bytes) to 12001024 or more',
    ],
    [
      { maxViewNodes: 200_000 },
      'ZOOGATE_MAX_VIEW_NODES (--max-view-nodes): a view of 200000 nodes never fits half of 8388608 bytes; ' +
        'lower it, or raise ZOOGATE_MAX_BUFFERED_BYTES (--max-buffered-bytes) to 12000000 or more',
    ],
  ])('refuses %j and says what to change', (limits, problem) => {
    const problems = problemsOf({ limits })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(problem)
  })

  it('names all contradictions at once', () => {
    const limits = { maxSessions: 1, maxSessionsPerSubject: 2, maxConnections: 1, maxUnauthenticated: 2 }
    const cookie = { cookie: 'jwt', allowedOrigins: ['*'] }
    expect(problemsOf({ limits, nodeAcl: 'creator', ...cookie }).map((line) => line.split(' ')[0])).toEqual([
      'ZOOGATE_NODE_ACL',
      'ZOOGATE_MAX_SESSIONS_PER_SUBJECT',
      'ZOOGATE_MAX_UNAUTHENTICATED',
      'ZOOGATE_COOKIE',
    ])
  })

  it('keeps a default within the setting that bounds it', () => {
    const { limits } = check({ limits: { maxSessions: 10, maxConnections: 20 } })
    expect(limits).toMatchObject({
      maxSessionsPerSubject: 10,
      maxUnauthenticated: 20,
      maxUnauthenticatedPerAddress: 20,
    })
  })

  it('accepts values at their bounds', () => {
    const limits = { maxSessions: 2, maxSessionsPerSubject: 2, maxConnections: 2, maxUnauthenticated: 2 }
    expect(check({ limits }).limits).toMatchObject(limits)
    const bytes = { maxDataBytes: 30, maxViewNodes: 1_666, maxBufferedBytes: 100_000 }
    expect(check({ limits: bytes }).limits).toMatchObject(bytes)
  })

  it('refuses a limit that is no setting by its name', () => {
    const limits = { helloTimeoutMs: 1 } as GatewayOptions['limits']
    expect(problemsOf({ ...(limits && { limits }) })[0]).toContain('helloTimeoutMs')
  })
})
