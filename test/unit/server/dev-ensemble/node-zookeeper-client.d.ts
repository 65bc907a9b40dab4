// The package ships no types. This is the part of it that these tests use.
declare module 'node-zookeeper-client' {
  import type { EventEmitter } from 'node:events'

  type Done<T> = (error: (Error & { getCode(): number }) | null, result: T) => void
  interface Event {
    getType(): number
    getPath(): string
  }
  interface Transaction {
    create(path: string, data?: Buffer): this
    setData(path: string, data: Buffer, version?: number): this
    check(path: string, version?: number): this
    remove(path: string, version?: number): this
    commit(done: Done<{ type: number; path?: string }[]>): void
  }
  export interface Client extends EventEmitter {
    connect(): void
    close(): void
    getSessionId(): Buffer
    create(path: string, data: Buffer, mode: number, done: Done<string>): void
    exists(path: string, watcher: (event: Event) => void, done: Done<object | null>): void
    getData(path: string, done: Done<Buffer | undefined>): void
    getData(path: string, watcher: (event: Event) => void, done: Done<Buffer | undefined>): void
    getChildren(path: string, watcher: (event: Event) => void, done: Done<string[]>): void
    setData(path: string, data: Buffer, version: number, done: Done<object>): void
    remove(path: string, version: number, done: Done<void>): void
    transaction(): Transaction
  }
  export const CreateMode: Readonly<
    Record<'PERSISTENT' | 'EPHEMERAL' | 'PERSISTENT_SEQUENTIAL' | 'EPHEMERAL_SEQUENTIAL', number>
  >
  export function createClient(
    connectString: string,
    options?: { sessionTimeout?: number; spinDelay?: number; retries?: number },
  ): Client
}
