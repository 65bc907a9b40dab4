import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// A process that was not started with --expose-gc can still be asked: contexts made after the flag have `gc`.
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes that are in use once everything that can go is gone. */
export function heapAfterCollection(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}
