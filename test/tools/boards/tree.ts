// Nodes as a view gives them, without a session: transactions count up as nodes are made.

import type { ViewedNode } from 'zoogate-client'

export interface NodeFields {
  /** Text, or a value that is written as JSON. */
  data?: unknown
  ephemeral?: boolean
  ctime?: number
  version?: number
}

export class Tree {
  readonly nodes = new Map<string, ViewedNode>()
  #zxid = 0n

  add(path: string, { data = '', ephemeral = true, ctime = 1_000, version = 0 }: NodeFields = {}): this {
    this.#zxid += 1n
    const text = typeof data === 'string' ? data : JSON.stringify(data)
    const bytes = new TextEncoder().encode(text)
    this.nodes.set(path, {
      data: bytes,
      text: () => text,
      json: <T>() => JSON.parse(text) as T,
      stat: {
        czxid: this.#zxid,
        mzxid: this.#zxid,
        ctime,
        mtime: ctime,
        version,
        dataLength: bytes.length,
        owner: ephemeral ? 'other' : null,
      },
    })
    return this
  }

  remove(path: string): this {
    this.nodes.delete(path)
    return this
  }
}
