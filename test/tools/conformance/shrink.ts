/**
 * Leaves out elements of a failing list as long as the list still fails. A caller without more time lets `fails` answer
 * false: the result is the shortest list until then.
 */
export async function shrink<T>(
  list: readonly T[],
  fails: (list: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let best = list
  for (let size = Math.ceil(list.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < best.length; ) {
      const without = [...best.slice(0, start), ...best.slice(start + size)]
      if (await fails(without)) best = without
      else start += size
    }
  }
  return best
}
