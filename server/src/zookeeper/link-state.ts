/**
 * ```
 *            attach()            TCP             ConnectResponse           all answered
 *   idle ───────────▶ dialing ─────────▶ handshaking ─────────▶ restoring ─────────▶ attached
 *    ▲                   │                    │                     │                   │
 *    └───────────────────┴─────── linkLost ───┴─────────────────────┴───────────────────┘
 *
 *   any ──closeSession()──▶ closing ──answered, refused or too late──▶ ended
 *   any ──detach(), expired, authentication failed, moved────────────▶ ended
 * ```
 */
export type LinkState = 'idle' | 'dialing' | 'handshaking' | 'restoring' | 'attached' | 'closing' | 'ended'

/**
 * The link keeps its state in the one variable of the package's connection manager, a number. These are the package's
 * own numbers where it has the state (disconnected, connecting, connected, closing, closed).
 */
export const STATE_NUMBERS: Record<LinkState, number> = {
  idle: 0,
  dialing: 1,
  handshaking: 11,
  restoring: 12,
  attached: 2,
  closing: -1,
  ended: -2,
}

const NAMES: ReadonlyMap<number, LinkState> = new Map(
  (Object.keys(STATE_NUMBERS) as LinkState[]).map((state) => [STATE_NUMBERS[state], state]),
)

export function stateNamed(number: number): LinkState {
  const state = NAMES.get(number)
  if (state === undefined) throw new RangeError(`A link has no state ${number}`)
  return state
}
