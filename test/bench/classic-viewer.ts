import { once } from 'node:events'
import { createClient } from 'node-zookeeper-client'
import { SESSION_TIMEOUT_MS } from './figures.js'
import { changeOf } from './payload.js'
import { MEMBER } from './subject.js'
import type { OpenViewer } from './viewer.js'

/**
 * ZooKeeper's own recipe: a session on the ensemble, a watch on the room's children and, on the data of the member that
 * changes, a watch that each read sets again. The benchmark favours it: it has no gateway, it watches one member where a real
 * viewer watches all, and changes that come while it reads are one.
 */
export const openClassicViewer: OpenViewer = async ({ address, room }, told) => {
  const client = createClient(address, { sessionTimeout: SESSION_TIMEOUT_MS })
  client.connect()
  await once(client, 'connected')
  await new Promise<void>((resolve, reject) => {
    const list = () =>
      client.getChildren(room, list, (error) => {
        if (error) reject(error)
        else read()
      })
    const read = () =>
      client.getData(`${room}/${MEMBER}`, read, (error, data) => {
        if (error) reject(error)
        else if (data !== undefined) told(changeOf(data.toString('utf8')))
        resolve()
      })
    list()
  })
  return {
    close: async () => {
      const closed = once(client, 'disconnected')
      client.close()
      await closed
    },
  }
}
