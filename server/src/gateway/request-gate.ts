import type { Socket } from 'node:net'
import { type HttpRefusal, refuse } from './http-refusal.js'

/** What Node's own parser takes at most. A request for a WebSocket with a token in a cookie is far shorter. */
export const MAX_HEAD_BYTES = 16_384

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const A = 0x41
const Z = 0x5a

export interface RequestGateOptions {
  /** Milliseconds for the head of the request, from the connection on. */
  withinMs: number
  /** The head is there, to be read from the socket, and nothing else is. */
  pass(socket: Socket): void
  /** The head did not come in time. */
  late(): void
}

/**
 * Lets the head of one request of each connection through to the parser of HTTP, when it is complete, and nothing that was
 * read with it. The parser goes through all that was read at once, whatever a handler does: a chunk of 64 KiB holds 2,600
 * requests, which keep the event loop for 40 ms, and 50 connections that send nothing else delayed the answers to a page
 * from 2 ms to 2 s.
 */
export class RequestGate {
  readonly #options: RequestGateOptions

  constructor(options: RequestGateOptions) {
    this.#options = options
  }

  enter(socket: Socket): void {
    const { withinMs, pass, late } = this.#options
    let head: Buffer = Buffer.alloc(0)
    const leave = () => {
      clearTimeout(deadline)
      socket.off('data', read).off('end', giveUp).off('close', leave).off('error', ignore)
    }
    const giveUp = () => {
      leave()
      socket.destroy()
    }
    const turnAway = (refusal: HttpRefusal) => {
      leave()
      refuse(socket, refusal)
    }
    const read = (chunk: Buffer) => {
      // A head that comes in pieces is rare, and short.
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
      const end = endOf(head)
      if (end === null) return
      if (typeof end === 'object') turnAway(end)
      else {
        leave()
        // What is behind it is a body, which nobody here wants, another request, or frames of somebody who has not been told
        // yet that a WebSocket is open.
        socket.unshift(head.subarray(0, end))
        pass(socket)
      }
    }
    const deadline = setTimeout(() => {
      late()
      turnAway({ status: '408 Request Timeout' })
    }, withinMs)
    socket.on('data', read).on('end', giveUp).on('close', leave).on('error', ignore)
  }
}

/** The 'close' that follows says all that matters. */
function ignore(): void {}

/** Where the head ends; null where it has not come to its end. */
function endOf(head: Buffer): number | null | HttpRefusal {
  // Empty lines before a request, which the parser overlooks, would let it wait for what comes later.
  const first = head[0] as number
  if (first < A || first > Z) return { status: '400 Bad Request' }
  const end = head.indexOf(END_OF_HEAD)
  if (end !== -1) return end + END_OF_HEAD.length
  return head.length > MAX_HEAD_BYTES ? { status: '431 Request Header Fields Too Large' } : null
}
