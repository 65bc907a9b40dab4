import type { Call, ErrorCode, GatewayMessage, Results } from '../../../client-sdk/src/protocol.js'
import { FakeSocket, sessionMessage } from './fake-socket.js'
import { FakeTree, Refusal, statOf, viewNodeOf } from './fake-tree.js'
import { hex, wireError } from './viewing.js'

/**
 * The fault of a call: `lost` before its execution, `unanswered` after it (the link breaks in both cases), or an error of
 * this code.
 */
export type Fault = 'lost' | 'unanswered' | ErrorCode

/** A gateway that answers from a tree, each frame in a microtask. Views are always up to date. */
export class FakeGateway {
  readonly tree = new FakeTree()
  readonly sockets: FakeSocket[] = []
  /** The calls, in short. */
  readonly called: string[] = []
  /** Decides the fault of a call; undefined: it is executed. */
  fault: (call: Call) => Fault | undefined = () => undefined
  readonly #views = new Map<FakeSocket, Set<string>>()
  #sessions = 0

  constructor() {
    this.tree.onChange = (path) => {
      const at = path.lastIndexOf('/')
      const room = path.slice(0, at)
      for (const [socket, rooms] of this.#views) {
        const node = this.tree.nodes.get(path)
        if (rooms.has(room))
          this.#tell(socket, room, { [path.slice(at + 1)]: node ? viewNodeOf(node) : null })
      }
    }
  }

  /** The WebSocket constructor for a client. */
  get Socket(): new (
    url: string,
    protocols: string[],
  ) => FakeSocket {
    const gateway = this
    return class extends FakeSocket {
      #read = 0
      session = ''

      constructor(url: string, protocols: string[]) {
        super(url, protocols)
        gateway.sockets.push(this)
        queueMicrotask(() => this.open())
      }

      override send(data: string): void {
        super.send(data)
        queueMicrotask(() => {
          for (const message of this.messages.slice(this.#read)) {
            if (this.closed) return
            this.#read++
            if (message.type === 'hello') this.session = gateway.#attach(this, message.resume?.token)
            if (message.type === 'call') gateway.#answer(this, message, this.session)
            if (message.type === 'close') {
              gateway.tree.expire(this.session)
              this.refuse(4000)
            }
          }
        })
      }

      override close(code?: number, reason?: string): void {
        gateway.#views.delete(this)
        super.close(code, reason)
      }
    }
  }

  /** The session of the newest connection expires, and the connection breaks. */
  expire(): void {
    const id = `0x${this.#sessions}`
    this.sockets.at(-1)?.refuse(4001)
    this.tree.expire(id)
  }

  #attach(socket: FakeSocket, token: string | undefined): string {
    const id = token ?? `0x${++this.#sessions}`
    this.#views.set(socket, new Set())
    socket.receive(sessionMessage({ id, mark: `m${id}`, resumeToken: id, resumed: token !== undefined }))
    return id
  }

  #answer(socket: FakeSocket, call: Call, session: string): void {
    this.called.push(`${call.op} ${'path' in call ? call.path : ''}`.trim())
    const fault = this.fault(call)
    if (fault === 'lost') {
      socket.end()
      return
    }
    const zxid = hex(this.tree.zxid)
    let answer: GatewayMessage
    try {
      if (fault && fault !== 'unanswered') throw new Refusal(fault)
      answer = { type: 'reply', id: call.id, zxid, result: this.#do(call, session) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      answer = { type: 'error', id: call.id, zxid, error: wireError(error.code) }
    }
    if (fault === 'unanswered') socket.end()
    else socket.receive(answer)
    if (call.op !== 'openView' || answer.type !== 'reply') return
    this.#views.get(socket)?.add(call.path)
    const nodes = this.tree.children(call.path).map((path) => {
      return [path.slice(path.lastIndexOf('/') + 1), viewNodeOf(this.tree.get(path))]
    })
    this.#tell(socket, call.path, Object.fromEntries(nodes), [])
  }

  #do(call: Call, session: string): Results[Call['op']] {
    const { tree } = this
    switch (call.op) {
      case 'create': {
        const owner = call.mode === 'ephemeral' ? session : null
        const node = tree.create(call.path, call.data ?? '', owner, call.mode === 'container')
        return { path: call.path, stat: statOf(node, session) }
      }
      case 'setData':
        return { stat: statOf(tree.setData(call.path, call.data), session) }
      case 'getData':
        return { data: tree.get(call.path).data, stat: statOf(tree.get(call.path), session) }
      case 'delete':
        tree.delete(call.path)
        return {}
      case 'openView':
        return { view: this.#numberOf(call.path) }
      case 'closeView':
        return {}
      default:
        throw new Refusal('UNIMPLEMENTED')
    }
  }

  readonly #numbers: string[] = []
  #numberOf(path: string): number {
    if (!this.#numbers.includes(path)) this.#numbers.push(path)
    return this.#numbers.indexOf(path)
  }

  #tell(
    socket: FakeSocket,
    room: string,
    nodes: Record<string, ReturnType<typeof viewNodeOf> | null>,
    kept?: [],
  ) {
    const zxid = hex(this.tree.zxid)
    socket.receive({ type: 'view', view: this.#numberOf(room), zxid, nodes, ...(kept && { kept }) })
  }
}
