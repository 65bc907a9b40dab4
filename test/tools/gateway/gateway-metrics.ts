/** @param sample as the gateway at `http` writes it. @returns its value; 0 where there is none */
export async function metric(http: string, sample: string): Promise<number> {
  const page = await (await fetch(`${http}/metrics`)).text()
  const line = page.split('\n').find((text) => text.startsWith(`${sample} `))
  return Number(line?.slice(sample.length + 1) ?? 0)
}

/** How often a limit was met. */
export function limited(http: string, limit: string): Promise<number> {
  return metric(http, `zoogate_limited_total{limit="${limit}"}`)
}
