import { startInMemory } from '../../tools/boards/board-ensemble.js'
import { serviceCases } from '../../tools/boards/service-cases.js'
import { describeWith } from '../../tools/requirements.js'

describeWith('kazoo', 'chromium')('the service board in Chromium before the in-memory ensemble', () => {
  serviceCases(startInMemory)
})
