/**
 * Addresses from which an account was logged in to before. Limits that count guesses from
 * everywhere let them through: a stranger who guesses from many addresses must not lock the
 * account's owner out.
 */
import type { CoreDependencies } from './dependencies.ts'
import { sha256 } from './sha256.ts'

export interface AccountAddress {
  readonly dialect: string
  /** What the login names: a user name, an e-mail address, a phone number. */
  readonly account: string
  /** The caller's address, or the block of addresses that is counted as one. */
  readonly address: string
}

const KIND = 'known-address'
const REMEMBER_MS = 90 * 86_400_000

/** Whether that account was logged in to from that address in the last ninety days. */
export async function isKnownAddress(
  { store, clock }: CoreDependencies,
  place: AccountAddress,
): Promise<boolean> {
  const known = await store.findTicket(KIND, keyOf(place))
  return known !== undefined && known.expiresAtMs > clock.nowMs()
}

/** Remembers an address after a login that succeeded. Costs a commit only every few weeks. */
export async function rememberAddress(
  { store, clock }: CoreDependencies,
  place: AccountAddress,
): Promise<void> {
  const key = keyOf(place)
  const nowMs = clock.nowMs()
  const known = await store.findTicket(KIND, key)
  if (known !== undefined && known.expiresAtMs - nowMs > REMEMBER_MS / 2) return
  await store.putTicket({ kind: KIND, key, value: '', expiresAtMs: nowMs + REMEMBER_MS })
}

/** Hashed: of one length, and the store does not say who was where. */
function keyOf({ dialect, account, address }: AccountAddress): string {
  return sha256(`${dialect}\0${account}\0${address}`)
}
