import { errors, type JWTVerifyGetKey } from 'jose'
import { refuse } from '../domain/failure.ts'
import { RecentMap } from '../domain/recent-map.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { fetchJson as fetchOverHttp, type FetchJson } from './fetch-json.ts'
import { RemoteKeys } from './remote-keys.ts'

export interface ClientKeysOptions {
  /** Whether the operator lets addresses that are not public be asked. */
  readonly isListed: (address: string) => boolean
  readonly clock: Clock
  readonly log: Log
  readonly fetchJson?: FetchJson
}

/** Key sets that are kept; one that is asked for again after that is fetched anew. */
const MAX_KEPT = 1000

/**
 * Makes the look-up of keys that clients of OAuth publish at an address of their own (`jwks_uri`).
 * A key is found as long as its client publishes it, and for five minutes after.
 *
 * @returns A function from such an address to its keys. They refuse with `stale` where it is not
 *   known whether there is such a key: the address cannot be read, or was read a moment ago.
 */
export function createClientKeys(options: ClientKeysOptions): (jwksUri: string) => JWTVerifyGetKey {
  const { isListed, clock, log, fetchJson = fetchOverHttp } = options
  const kept = new RecentMap<string, RemoteKeys>(MAX_KEPT)
  const keysAt = (uri: string): RemoteKeys => {
    const known = kept.get(uri)
    if (known !== undefined) return known
    const url = new URL(uri)
    const download = () => fetchJson(url, { isListed })
    const keys = new RemoteKeys({ name: url.host, download, clock, log, changed: () => undefined })
    kept.set(uri, keys)
    return keys
  }
  return (uri) => async (header, token) => {
    const keys = keysAt(uri)
    await keys.refresh()
    try {
      return await keys.find(header, token)
    } catch (error) {
      // Anything else is that they could not be read, which is in the log.
      if (error instanceof errors.JOSEError) throw error
      return refuse({ kind: 'stale' })
    }
  }
}
