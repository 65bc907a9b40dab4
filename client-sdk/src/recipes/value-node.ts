import type { NodeContent } from '../operations/node-data.js'
import { ZoogateError } from '../session/errors.js'
import type { Limits } from '../session/pending.js'
import { codeOf, ensurePath, isUnknown, probe, type RecipeClient } from './repeated-calls.js'

/** A value and its version. */
export interface Versioned<T> {
  readonly value: T
  /** Grows by one with each write; null without a node. */
  readonly version: number | null
}

/** A node with JSON data. It may be missing. */
export interface ValueNode<T> {
  /** Null without a node. Rejects with MARSHALLING_ERROR when the data is not JSON. */
  read(options: Limits & { watch?: () => void }): Promise<Versioned<T> | null>
  /** Null without a node, and when it has another version. */
  replace(value: T, version: number | undefined, limits: Limits): Promise<Versioned<T> | null>
  /** Null when the node exists already. */
  create(value: T, limits: Limits): Promise<Versioned<T> | null>
  /** Resolves when a failed write on that version has certainly not happened; else rejects with the write's error. */
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
  async function denyOrThrow(error: unknown, version: number | null, limits: Limits): Promise<null> {
    if (!isUnknown(error)) throw error
    // The write may still be on its way through the servers: it runs before this probe.
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
    throw new ZoogateError('MARSHALLING_ERROR', `${path} is not JSON; set() replaces it`, { path, cause })
  }
}
