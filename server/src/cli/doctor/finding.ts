/** The result of one check of `zoogate doctor`. */
export interface Finding {
  /** ok: suits a gateway. warn: works, with a limit. FAIL: does not work. */
  verdict: 'ok' | 'warn' | 'FAIL'
  what: string
  /** The change that helps. */
  advice?: string
}

const VERDICT_WIDTH = 4

export function lineOf({ verdict, what, advice }: Finding): string {
  const line = `${verdict.padEnd(VERDICT_WIDTH)}  ${what}`
  return advice === undefined ? line : `${line}  — ${advice}`
}

export function ok(what: string, advice?: string): Finding {
  return { verdict: 'ok', what, ...(advice !== undefined && { advice }) }
}

export function warn(what: string, advice: string): Finding {
  return { verdict: 'warn', what, advice }
}

export function fail(what: string, advice: string): Finding {
  return { verdict: 'FAIL', what, advice }
}
