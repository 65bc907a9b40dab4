import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// A process that was not started with --expose-gc can still be asked: contexts made after the flag have `gc`.
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes in use after a full garbage collection. */
export function heapAfterCollection(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}
