/** The data of a member in every subject: a name, a place, and the number of the change. */
export interface Payload {
  name: string
  cursor: { x: number; y: number }
  change: number
}

export function payloadOf(change: number): string {
  const payload: Payload = { name: 'Ada Lovelace', cursor: { x: change % 1280, y: change % 720 }, change }
  return JSON.stringify(payload)
}

export function changeOf(payload: string): number {
  return (JSON.parse(payload) as Payload).change
}
