import type { WireDelivery, WirePage } from '../../protocol/admin-api.ts'
import { ok, reasonOf, warn, type Finding } from './finding.ts'

/**
 * Whether a receiver waits in vain to be told that a session ended.
 *
 * @param ask Asks the admin API.
 */
export async function examineDeliveries(
  ask: (path: string) => Promise<Response>,
): Promise<Finding> {
  const check = 'server.deliveries'
  const path = '/outright/v1/deliveries?state=dead&limit=100'
  const advice = 'outright deliveries list --state dead, then outright deliveries retry'
  try {
    const response = await ask(path)
    if (!response.ok) return warn(check, `it answers ${String(response.status)}`, 'check the token')
    const { items, next } = (await response.json()) as WirePage<WireDelivery>
    if (items.length === 0) return ok(check, 'none was given up')
    const count = next === null ? String(items.length) : `over ${String(items.length)}`
    return warn(check, `${count} given up, the last to ${items[0]?.receiver ?? ''}`, advice)
  } catch (error) {
    return warn(check, reasonOf(error), "look at the server's log")
  }
}
