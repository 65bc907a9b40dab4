// The faults that `zoogate dev` causes on its in-memory ensemble. Any other server offers none.

const FAULTS_URL = '/demo/faults'

export interface Fault {
  name: string
  title: string
  /** The effect to watch for, in one line. */
  watchFor: string
  /** Milliseconds until the fault ends by itself; 0 for a fault without a duration. */
  lastsMs: number
}

/** The faults that this server offers; none on a real ensemble. */
export async function offeredFaults(get: typeof fetch = fetch): Promise<Fault[]> {
  const response = await get(FAULTS_URL, { cache: 'no-store' })
  const isOffer = response.ok && response.headers.get('content-type')?.startsWith('application/json')
  if (!isOffer) return []
  const { faults } = (await response.json()) as { faults: Fault[] }
  return faults
}

/** Resolves when the fault has begun. @throws Error with the server's sentence when it refuses */
export async function causeFault(
  fault: Fault,
  victim: { session: string; tab: string },
  post: typeof fetch = fetch,
): Promise<void> {
  const response = await post(FAULTS_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ fault: fault.name, ...victim }),
  })
  if (!response.ok) throw new Error(`“${fault.title}” was refused: ${(await response.text()).trim()}`)
}
