import { AttachGate } from '../../../server/src/session/attach-gate.js'
import type { OwnSessionOptions } from '../../../server/src/session/own-session.js'
import { ServerList } from '../../../server/src/zookeeper/index.js'
import { silentLog } from '../gateway/gateway-fixture.js'

/** What the gateway's own sessions need, without the gateway. */
export function ownEnsemble(connectString: string): OwnSessionOptions['ensemble'] & { chroot: string } {
  return {
    ...ServerList.parse(connectString),
    linkOptions: {},
    gate: new AttachGate(1),
    log: silentLog,
    metrics: { linkLost: () => undefined },
  }
}
