import { ZoogateError } from '../session/errors.js'
import type { Limits } from '../session/pending.js'
import type { RecipeClient } from './client.js'
import { createLive, type Freshness, type Live, type RecipeStore } from './live.js'
import { PATIENT, pause } from './patience.js'
import { createValueNode, type Versioned } from './value-node.js'

export type { Versioned }

/** `value` is the initial one, or undefined, until the node was read. */
export interface SharedValueSnapshot<T> extends Versioned<T>, Freshness {}

export interface UpdateLimits extends Limits {
  /**
   * How often the value is read and written at most while others are faster each time, at least 1.
   * @default 20
   */
  maxAttempts?: number
}

/**
 * A value in one node, as JSON. `Absent` is what its absence reads as. A node that holds no JSON is an error,
 * MARSHALLING_ERROR, until the next `set`. A write whose outcome is unknown is not repeated: it rejects with
 * `outcome: 'unknown'`, and `get` tells what is there.
 */
export interface SharedValue<T, Absent = T> extends RecipeStore<SharedValueSnapshot<T | Absent>> {
  /** Reads it, as the server has it that is asked. */
  get(limits?: Limits): Promise<Versioned<T | Absent>>
  /** Replaces it, whatever it is. */
  set(value: T, limits?: Limits): Promise<Versioned<T>>
  /** Replaces that version and no other; resolves with null when that is not the newest. Null stands for no node. */
  compareAndSet(value: T, version: number | null, limits?: Limits): Promise<Versioned<T> | null>
  /**
   * Reads it and writes what `change` makes of it, again until nobody was faster: `change` may run several times.
   * Rejects with BAD_VERSION after `maxAttempts`, and with `outcome: 'unknown'` when it cannot be told whether the
   * write has happened. The limits are those of each call.
   */
  update(change: (value: T | Absent) => T, limits?: UpdateLimits): Promise<Versioned<T>>
  /** Looks no more. */
  close(): void
}

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

/** Twenty pages that write at the same time are all done then: in each round one of them is. */
const DEFAULT_MAX_ATTEMPTS = 20
/** The longest wait before another attempt: as long as some writes take, so that they get out of step. */
const OUT_OF_STEP_MS = 50

/**
 * Makes a value that this page shares with whoever else uses the path, in the layout of Curator's SharedValue. The node,
 * and those above it, are created by the first write. It looks at it whenever there is a session, until `close()`; it
 * may be made before `connect()`.
 */
export function createSharedValue<T>(zk: RecipeClient, path: string, options: { initial: T }): SharedValue<T>
export function createSharedValue<T>(zk: RecipeClient, path: string): SharedValue<T, undefined>
export function createSharedValue<T>(
  zk: RecipeClient,
  path: string,
  options?: { initial: T },
): SharedValue<T, T | undefined> {
  const absent: Versioned<T | undefined> = Object.freeze({ value: options?.initial, version: null })

  const node = createValueNode<T>(zk, path)
  const live: Live<SharedValueSnapshot<T | undefined>> = createLive(
    zk,
    { ...absent, stale: true, error: null },
    async (changed) => {
      for (;;) {
        const found = await node.read({ ...PATIENT, watch: changed })
        const { value, version } = live.getSnapshot()
        // What it shows stays the same object when another look finds the same.
        const isShown = found && found.version === version && isSame(found.value, value)
        if (found) return isShown ? { value, version } : found
        if (!(await zk.exists(path, { ...PATIENT, watch: changed }))) return absent
      }
    },
  )

  const get = async (limits: Limits = {}) => (await node.read(limits)) ?? absent
  const compareAndSet = (value: T, version: number | null, limits: Limits = {}) =>
    version === null ? node.create(value, limits) : node.replace(value, version, limits)

  async function update(
    change: (value: T | undefined) => T,
    { maxAttempts = DEFAULT_MAX_ATTEMPTS, ...limits }: UpdateLimits = {},
  ): Promise<Versioned<T>> {
    const { signal = new AbortController().signal } = limits
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      if (attempt > 0) await pause(Math.random() * OUT_OF_STEP_MS, signal)
      const { value, version } = await get(limits)
      const written = await compareAndSet(change(value), version, limits).catch((error) =>
        node.denyOrThrow(error, version, limits),
      )
      if (written) return written
    }
    const message = `update(${path}): others were faster ${maxAttempts} times; try again later, or raise maxAttempts`
    throw new ZoogateError('BAD_VERSION', message, { path, retryable: true })
  }

  return {
    getSnapshot: live.getSnapshot,
    getServerSnapshot: live.getServerSnapshot,
    subscribe: live.subscribe,
    close: live.close,
    get,
    async set(value, limits = {}) {
      for (;;) {
        const written = (await node.replace(value, undefined, limits)) ?? (await node.create(value, limits))
        if (written) return written
      }
    },
    compareAndSet,
    update,
  }
}
