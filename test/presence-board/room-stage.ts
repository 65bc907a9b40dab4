// A room with a fake client under it, and what a test wants to know of both.

import { expect, vi } from 'vitest'
import type { Identity, Member } from '../../examples/presence-board/src/member.js'
import { Room, type RoomChange } from '../../examples/presence-board/src/room.js'
import { FakeRoomClient, failure } from './fake-room-client.js'

export const ROOM = '/rooms/lobby'
export const LOST_WRITE = failure('CONNECTION_LOSS', { outcome: 'unknown' })
export const LOST_READ = failure('CONNECTION_LOSS', { retryable: true })

export class RoomStage {
  readonly client = new FakeRoomClient()
  members: readonly Member[] = []
  changes: RoomChange[] = []
  readonly errors: unknown[] = []
  /** The pauses that were made, in milliseconds; none takes any time. */
  readonly waits: number[] = []

  openRoom(identity: Identity = { name: 'Ada', colour: 'cobalt' }): Room {
    return new Room({
      client: this.client,
      path: ROOM,
      identity,
      onChange: (changes, members) => {
        this.changes.push(...changes)
        this.members = members
      },
      onError: (error) => this.errors.push(error),
      timing: {
        now: () => 5_000,
        wait: (ms) => {
          this.waits.push(ms)
          return Promise.resolve()
        },
      },
    })
  }

  /** The room's nodes exist already, with somebody in it for each name; returns their paths. */
  furnish(...names: string[]): string[] {
    for (const path of ['/rooms', ROOM]) this.client.addNode(path, '', null, false)
    return names.map((name) => this.join(name))
  }

  join(name: string): string {
    return this.client.addNode(`${ROOM}/member-`, { name, colour: 'moss', joinedAt: 2_000 }, 'somebody else')
  }

  names(): string[] {
    return this.members.map((member) => member.name)
  }

  /** The changes so far, as `Ada joined`. */
  told(): string[] {
    return this.changes.map((change) => `${change.member.name} ${change.kind}`)
  }

  ownNodes(): string[] {
    const id = this.client.session?.id
    return [...this.client.nodes].filter(([, node]) => node.owner === id).map(([path]) => path)
  }

  callsOf(op: string): string[] {
    return this.client.calls.filter((call) => call.startsWith(`${op} `))
  }

  /** Entered; one watch for the list and one for each member: all read, and nothing can change unseen. */
  async settled({ ownCards = 1 } = {}): Promise<void> {
    await vi.waitFor(() => {
      expect(this.ownNodes()).toHaveLength(ownCards)
      const nodes = [...this.client.nodes.keys()].filter((path) => path.startsWith(`${ROOM}/`))
      expect(this.client.watches()).toEqual(
        [`children ${ROOM}`, ...nodes.map((path) => `data ${path}`)].sort(),
      )
      expect(this.members.map((member) => `${ROOM}/${member.node}`)).toEqual(nodes.sort())
    })
  }
}
