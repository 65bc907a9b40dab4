import { ZoogateError } from '../session/errors.js'
import type { Limits } from '../session/pending.js'
import {
  type ChangingRecipeStore,
  createRecipeStore,
  type Freshness,
  type RecipeStore,
} from './recipe-store.js'
import { PATIENT, pause, type RecipeClient } from './repeated-calls.js'
import { OUT_OF_STEP_MS } from './timing.js'
import { createValueNode, type Versioned } from './value-node.js'

export type { Versioned }

/** `value` is the initial value, or undefined, until the node was read. */
export interface SharedValueSnapshot<T> extends Versioned<T>, Freshness {}

export interface UpdateLimits extends Limits {
  /**
   * How many times the value is read and written at most, when other clients are faster each time; at least 1.
   * @default 20
   */
  maxAttempts?: number
}

/**
 * A value in one node, as JSON. `Absent` is the value without a node. Data that is not JSON is an error,
 * MARSHALLING_ERROR, until the next `set`. A write with an unknown outcome is not repeated: it rejects with
 * `outcome: 'unknown'`, and `get` reads the current value.
 */
export interface SharedValue<T, Absent = T> extends RecipeStore<SharedValueSnapshot<T | Absent>> {
  /** Reads the value from the page's server. */
  get(limits?: Limits): Promise<Versioned<T | Absent>>
  /** Replaces the value, in any version. */
  set(value: T, limits?: Limits): Promise<Versioned<T>>
  /** Replaces this version only; resolves with null when it is not the newest. Version null: creates the node. */
  compareAndSet(value: T, version: number | null, limits?: Limits): Promise<Versioned<T> | null>
  /**
   * Reads the value and writes the result of `change`. When another client was faster it begins anew, so that `change`
   * may run several times. Rejects with BAD_VERSION after `maxAttempts`, and with `outcome: 'unknown'` when the write may
   * have happened. The limits apply to each call.
   */
  update(change: (value: T | Absent) => T, limits?: UpdateLimits): Promise<Versioned<T>>
  /** Stops reading; the snapshot does not change any more. */
  close(): void
}

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

/** Enough for twenty pages that write at the same time: each round completes one of them. */
const DEFAULT_MAX_ATTEMPTS = 20
/**
 * Makes a value that this page shares with all clients of the path, in the layout of Curator's SharedValue. The first
 * write creates the node and its parents. The snapshot follows the node whenever there is a session, until `close()`. It
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
  const live: ChangingRecipeStore<SharedValueSnapshot<T | undefined>> = createRecipeStore(
    zk,
    { ...absent, stale: true, error: null },
    async (changed) => {
      for (;;) {
        const found = await node.read({ ...PATIENT, watch: changed })
        const { value, version } = live.getSnapshot()
        // An unchanged value stays the same object.
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
