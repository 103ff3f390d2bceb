import { createHash, timingSafeEqual } from 'node:crypto'
import { refuse } from '../../../domain/failure.ts'
import { readAuthorization } from '../../authorization.ts'
import type { DialectRequest } from '../../dialect.ts'
import { createRateLimit } from '../../rate-limit.ts'

/** Wrong tokens from one address in a minute before the next one is not even compared. */
const WRONG_TOKENS_PER_MINUTE = 30

/**
 * Makes the check that stands before every route.
 *
 * Both sides are hashed before they are compared, so that the time tells neither the length nor the
 * first wrong character. Only wrong tokens are counted: an operator who calls often is not refused,
 * whatever somebody behind the same address tries.
 *
 * @param adminToken `OUTRIGHT_ADMIN_TOKEN`; undefined closes the admin API to bearer tokens.
 * @param rateLimitFactor Multiplies the limit of wrong tokens.
 * @returns A function that gives the actor, `operator:<name>`, or refuses.
 */
export function createAuthentication(
  adminToken: string | undefined,
  rateLimitFactor: number,
): (request: DialectRequest) => Promise<string> {
  const expected = adminToken === undefined ? undefined : digest(adminToken)
  const wrongTokens = createRateLimit(
    { points: WRONG_TOKENS_PER_MINUTE, windowSeconds: 60 },
    rateLimitFactor,
  )
  return async (request) => {
    const authorization = readAuthorization(request)
    if (authorization === undefined) return refuse({ kind: 'credentials_missing' })
    const right =
      authorization.scheme === 'bearer' &&
      expected !== undefined &&
      timingSafeEqual(digest(authorization.token), expected)
    if (right) return 'operator:admin'
    await wrongTokens.consume(request.clientAddress)
    return refuse({ kind: 'credentials_invalid' })
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
