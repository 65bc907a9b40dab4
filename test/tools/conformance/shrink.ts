/**
 * Leaves out as much of a failing list as can be left out so that it still fails. Whoever has no more time lets `fails`
 * answer no: what was found until then is the result.
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
