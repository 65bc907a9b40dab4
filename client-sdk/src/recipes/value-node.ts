import type { NodeContent } from '../operations/node-data.js'
import { ZoogateError } from '../session/errors.js'
import type { Limits } from '../session/pending.js'
import type { RecipeClient } from './client.js'
import { ensurePath } from './parents.js'
import { codeOf, isUnknown } from './patience.js'
import { probe } from './probe.js'

/** A value and the version of it. */
export interface Versioned<T> {
  readonly value: T
  /** Grows by one with each write; null where there is no node yet. */
  readonly version: number | null
}

/** A node that holds JSON, or is not there. */
export interface ValueNode<T> {
  /** Null when there is no node. Rejects with MARSHALLING_ERROR when it holds no JSON. */
  read(options: Limits & { watch?: () => void }): Promise<Versioned<T> | null>
  /** Null when there is no node, or one of another version. */
  replace(value: T, version: number | undefined, limits: Limits): Promise<Versioned<T> | null>
  /** Null when there is a node already. */
  create(value: T, limits: Limits): Promise<Versioned<T> | null>
  /** Resolves when the write on that version, which has failed, has certainly not happened; rejects with its error else. */
  denyOrThrow(error: unknown, version: number | null, limits: Limits): Promise<null>
}

export function createValueNode<T>(zk: RecipeClient, path: string): ValueNode<T> {
  async function read(options: Limits & { watch?: () => void }): Promise<Versioned<T> | null> {
    try {
      return parse(path, await zk.getData(path, options))
    } catch (error) {
      if (codeOf(error) === 'NO_NODE') return null
      throw error
    }
  }
  /** Null when the node is not there, or has another version. */
  async function replace(
    value: T,
    version: number | undefined,
    limits: Limits,
  ): Promise<Versioned<T> | null> {
    try {
      const stat = await zk.setData(path, JSON.stringify(value), {
        ...limits,
        ...(version !== undefined && { version }),
      })
      return { value, version: stat.version }
    } catch (error) {
      const code = codeOf(error)
      if (code === 'NO_NODE' || code === 'BAD_VERSION') return null
      throw error
    }
  }
  /** Null when the node is there already. */
  async function create(value: T, limits: Limits): Promise<Versioned<T> | null> {
    try {
      const { stat } = await zk.create(path, JSON.stringify(value), limits)
      return { value, version: stat.version }
    } catch (error) {
      const code = codeOf(error)
      if (code === 'NODE_EXISTS') return null
      if (code !== 'NO_NODE') throw error
      await ensurePath(
        zk,
        path.slice(0, path.lastIndexOf('/')),
        limits.signal ?? new AbortController().signal,
      )
      return create(value, limits)
    }
  }
  /** Resolves when a write that failed has certainly not happened; throws its error otherwise. */
  async function denyOrThrow(error: unknown, version: number | null, limits: Limits): Promise<null> {
    if (!isUnknown(error)) throw error
    // It may still be on its way through the servers: then it comes before this.
    await probe((options) => zk.setData(path, '', { ...options, ...limits }))
    const now = await read(limits)
    if ((now ? now.version : null) !== version) throw error
    return null
  }
  return { read, replace, create, denyOrThrow }
}

function parse<T>(path: string, content: NodeContent): Versioned<T> {
  try {
    return { value: content.json<T>(), version: content.stat.version }
  } catch (cause) {
    throw new ZoogateError('MARSHALLING_ERROR', `${path} holds no JSON; set() replaces it`, { path, cause })
  }
}
