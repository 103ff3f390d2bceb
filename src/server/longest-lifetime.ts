import type { TicketStore } from '../ports/store.ts'
import type { Config } from './config.ts'

const KIND = 'installation'
const KEY = 'longest-access-lifetime-ms'
/** The tenth of January 2286: for as long as the installation lives. */
const NEVER_MS = 9_999_999_999_999

/** What each dialect's access tokens live for where its options do not say otherwise. */
const defaultLifetimesMs = {
  directlink: 3_600_000,
  matar: 864_000_000,
  octopus: 3_600_000,
  adobePass: 86_400_000,
  baanx: 21_600_000,
} as const

/**
 * The longest life that any access token of this installation has or had. A wide revocation is
 * remembered for that long, so a configuration that shortens lives must not make replicas forget
 * tokens that were issued before it: the highest value ever used is kept in the store.
 */
export async function longestAccessLifetime(store: TicketStore, config: Config): Promise<number> {
  const configured = Object.entries(defaultLifetimesMs).map(([name, lifetimeMs]) => {
    const { options } = config.dialects[name as keyof typeof defaultLifetimesMs]
    const own = (options as { readonly accessLifetimeMs?: number }).accessLifetimeMs
    return Math.max(own ?? 0, lifetimeMs)
  })
  const longest = Math.max(...configured)
  const known = await store.findTicket(KIND, KEY)
  const before = known === undefined ? 0 : Number(known.value)
  if (before >= longest) return before
  await store.putTicket({ kind: KIND, key: KEY, value: String(longest), expiresAtMs: NEVER_MS })
  return longest
}
