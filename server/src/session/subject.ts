import type { HexLong } from 'zoogate-client/protocol'
import type { MessageRate } from '../limits/rates.js'

/** A session that this gateway has detached, and that the ensemble may keep until its timeout. */
export interface DetachedSession {
  /** Null where the ensemble has opened the session, and its id has not arrived. */
  id: HexLong | null
  /** Milliseconds until the session expires unless a page resumes it. */
  forMs: number
}

/**
 * One subject below one chroot: all that its pages share on this gateway, and that its limits are counted by. Two tenants
 * may both have an ada, so that the chroot belongs to it.
 */
export class Subject {
  /** Of its name and chroot. */
  readonly key: string
  /** The `sub` of its tokens. */
  readonly name: string
  /** The gateway's chroot and the token's: '' or a path. */
  readonly chroot: string
  /** The rate that all its pages keep to together. */
  readonly rate: MessageRate
  /** Pages that are connected. */
  pages = 0
  /** Sessions that are held here. */
  sessions = 0
  /** Links that are being attached, or keep their place at the attach gate. */
  attaching = 0
  /** By session, the time at which it expires. A session whose id has not arrived stands under a symbol. */
  readonly detached = new Map<HexLong | symbol, number>()
  /** By number of a view, to how many of its pages the view is shown. */
  readonly views = new Map<number, number>()

  constructor(key: string, name: string, chroot: string, rate: MessageRate) {
    this.key = key
    this.name = name
    this.chroot = chroot
    this.rate = rate
  }
}
