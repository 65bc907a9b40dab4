// The faults that `zoogate dev` offers to cause on its in-memory ensemble. Served from anywhere else there are none.

const FAULTS_URL = '/demo/faults'

export interface Fault {
  name: string
  title: string
  /** What there is to see, in one line. */
  watchFor: string
  /** Milliseconds until it ends by itself; 0 for what needs no end. */
  lastsMs: number
}

/** What can be broken here; nothing where nobody offers it. */
export async function offeredFaults(get: typeof fetch = fetch): Promise<Fault[]> {
  const response = await get(FAULTS_URL, { cache: 'no-store' })
  const isOffer = response.ok && response.headers.get('content-type')?.startsWith('application/json')
  if (!isOffer) return []
  const { faults } = (await response.json()) as { faults: Fault[] }
  return faults
}

/** Resolves when the fault has begun. @throws Error with the sentence of whoever refuses it */
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
