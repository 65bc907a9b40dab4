import { startRealServers } from '../../tools/boards/board-ensemble.js'
import { everydayCases } from '../../tools/boards/presence-cases.js'
import { PresenceStage } from '../../tools/boards/presence-stage.js'
import { describeWith } from '../../tools/requirements.js'

describeWith(
  'kazoo',
  'chromium',
  'zookeeper',
)('the presence board in Chromium before three servers', () => {
  everydayCases(new PresenceStage(startRealServers))
})
