import type { TicketStore } from '../ports/store.ts'
import type { Config } from './config.ts'
import { readSetting, writeSetting } from './settings.ts'

const LONGEST = 'longest-access-lifetime-ms'

/** What each dialect's access tokens live for where its options do not say otherwise. */
const defaultLifetimesMs = {
  directlink: 3_600_000,
  matar: 864_000_000,
  octopus: 3_600_000,
  adobePass: 21_600_000,
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
    const own = options.accessLifetimeMs
    // What is no number is refused by the dialect, by its name.
    return Number.isFinite(own) ? Math.max(own ?? 0, lifetimeMs) : lifetimeMs
  })
  const longest = Math.max(...configured)
  const before = (await readSetting(store, LONGEST)) ?? 0
  if (before >= longest) return before
  await writeSetting(store, LONGEST, longest)
  return longest
}
