import juteOfPackage from 'node-zookeeper-client/lib/jute/index.js'

/** A record of the package's generic codec. */
export interface JuteRecord {
  byteLength(): number
}

type RecordOf<Fields extends unknown[]> = new (...fields: Fields) => JuteRecord

/** The part of the package's codec that the link uses: requests that are sent once per attach or less. */
export interface Jute {
  Request: new (header: JuteRecord | null, payload: JuteRecord | null) => { toBuffer(): Buffer }
  protocol: {
    RequestHeader: RecordOf<[xid: number, type: number]>
    ConnectRequest: RecordOf<
      [protocolVersion: number, lastZxidSeen: Buffer, timeoutMs: number, sessionId: Buffer, password: Buffer]
    >
    AuthPacket: RecordOf<[type: number, scheme: string, auth: Buffer]>
  }
}

/** The wire codec of node-zookeeper-client. */
export const jute: Jute = juteOfPackage
