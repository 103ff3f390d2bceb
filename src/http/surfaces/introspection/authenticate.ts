import { hash, timingSafeEqual } from 'node:crypto'
import { refuse } from '../../../domain/failure.ts'
import { readClientCredentials } from '../../client-credentials.ts'
import type { SurfaceRequest } from '../../surface.ts'
import { createRateLimit, type RateLimitHost } from '../../rate-limit.ts'
import type { ResourceServer } from './options.ts'

/** Wrong secrets from one address in a minute. */
const WRONG_SECRETS_PER_MINUTE = 30

/**
 * Makes the check of who asks. Both sides are hashed before they are compared, so that the time
 * tells neither the length nor the first wrong character. Only wrong secrets are counted: a server
 * that asks often is not refused, whatever others behind the same address try.
 *
 * @returns A function that gives the resource server; undefined where the request does not say who
 *   asks.
 * @throws {Refusal} (the function) `credentials_invalid`, `rate_limited`, and what
 *   `readClientCredentials` refuses.
 */
export function createAuthentication(
  resourceServers: readonly ResourceServer[],
  host: RateLimitHost,
): (request: SurfaceRequest) => Promise<ResourceServer | undefined> {
  const byId = new Map(
    resourceServers.map(
      (one) => [one.id, { one, expected: hash('sha256', one.secret, 'buffer') }] as const,
    ),
  )
  const wrongSecrets = createRateLimit(
    { points: WRONG_SECRETS_PER_MINUTE, windowSeconds: 60 },
    host,
  )
  return async (request) => {
    const credentials = readClientCredentials(request)
    if (credentials === undefined) return undefined
    const { id, secret = '' } = credentials
    const known = byId.get(id)
    // Compared with itself where there is none, which takes as long.
    const given = hash('sha256', secret, 'buffer')
    const isRight = timingSafeEqual(given, known?.expected ?? given)
    if (known !== undefined && isRight) return known.one
    await wrongSecrets.consume(request.clientAddress)
    return refuse({ kind: 'credentials_invalid' })
  }
}
