import { startInMemory, startRealServers } from '../../tools/boards/board-ensemble.js'
import { everydayCases, outageCases } from '../../tools/boards/presence-cases.js'
import { PresenceStage } from '../../tools/boards/presence-stage.js'
import { describeWith } from '../../tools/requirements.js'

describeWith(
  'kazoo',
  'chromium',
  'zookeeper',
)('the presence board in Chromium before three servers', () => {
  outageCases(new PresenceStage(startRealServers))
})

describeWith('kazoo', 'chromium')('the presence board in Chromium before the in-memory ensemble', () => {
  const stage = new PresenceStage(startInMemory)
  everydayCases(stage)
  outageCases(stage)
})
