import { startRealServers } from '../../tools/boards/board-ensemble.js'
import { serviceCases } from '../../tools/boards/service-cases.js'
import { describeWith } from '../../tools/requirements.js'

describeWith(
  'kazoo',
  'chromium',
  'zookeeper',
)('the service board in Chromium before three servers', () => {
  serviceCases(startRealServers)
})
