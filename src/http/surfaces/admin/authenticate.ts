import { hash, timingSafeEqual } from 'node:crypto'
import { refuse } from '../../../domain/failure.ts'
import { operatorSubject, TOKEN_BEARER, type Role } from '../../../domain/operator.ts'
import { readAuthorization } from '../../authorization.ts'
import type { SurfaceContext } from '../../context.ts'
import type { SurfaceRequest } from '../../surface.ts'
import { readOperatorCookie } from '../../operator-cookie.ts'
import { senderOf } from '../../own-origin.ts'
import { createRateLimit } from '../../rate-limit.ts'

/** Who calls. */
export interface Caller {
  /** As the log has it: `operator:<name>`. */
  readonly actor: string
  /** As people read it. */
  readonly name: string
  readonly role: Role
  /** `Operator.id`; undefined for the admin token. */
  readonly operatorId?: string
  /** When the sign-in ends, milliseconds since 1970; undefined for the admin token. */
  readonly expiresAtMs?: number
}

export type Authenticate = (request: SurfaceRequest) => Promise<Caller>

/** Wrong tokens from one address in a minute before the next one is not even compared. */
const WRONG_TOKENS_PER_MINUTE = 30

const tokenBearer: Caller = {
  actor: operatorSubject(TOKEN_BEARER),
  name: 'admin token',
  role: 'admin',
}

/**
 * Makes the check that stands before every route: the admin token, or the cookie of an operator who
 * has signed in. Where both come, the token counts: no page can make a browser send that.
 *
 * Both sides are hashed before they are compared, so that the time tells neither the length nor the
 * first wrong character. Only wrong tokens are counted: an operator who calls often is not refused,
 * whatever others behind the same address try.
 *
 * @param adminToken `OUTRIGHT_ADMIN_TOKEN`; undefined closes the admin API to bearer tokens.
 */
export function createAuthentication(
  adminToken: string | undefined,
  context: Pick<SurfaceContext, 'core' | 'rateLimitFactor' | 'clock'>,
): Authenticate {
  const { core } = context
  const expected = adminToken === undefined ? undefined : hash('sha256', adminToken, 'buffer')
  const wrongTokens = createRateLimit(
    { points: WRONG_TOKENS_PER_MINUTE, windowSeconds: 60 },
    context,
  )
  return async (request) => {
    const authorization = readAuthorization(request)
    const cookie = readOperatorCookie(request)
    if (authorization === undefined && cookie !== undefined) {
      refuseForgery(request)
      const session = await core.operatorSessions.find(cookie)
      if (session === undefined) return refuse({ kind: 'credentials_invalid' })
      const { operatorId, name, role, expiresAtMs } = session
      return { actor: operatorSubject(name), operatorId, name, role, expiresAtMs }
    }
    if (authorization === undefined) return refuse({ kind: 'credentials_missing' })
    const right =
      authorization.scheme === 'bearer' &&
      expected !== undefined &&
      timingSafeEqual(hash('sha256', authorization.token, 'buffer'), expected)
    if (right) return tokenBearer
    await wrongTokens.consume(request.clientAddress)
    return refuse({ kind: 'credentials_invalid' })
  }
}

/** A header that no form and, without our leave, no script of another origin can send. */
const OWN_HEADER = 'outright-request'

/** What changes something must have been sent by a page of this server (CSRF). */
function refuseForgery(request: SurfaceRequest): void {
  if (request.method === 'GET' || request.method === 'HEAD') return
  if (request.header(OWN_HEADER) !== 'console') {
    const reason = `with the cookie of an operator, the header ${OWN_HEADER}: console is required`
    refuse({ kind: 'forbidden', reason })
  }
  if (senderOf(request) !== 'page') {
    refuse({ kind: 'forbidden', reason: 'the request was not sent by a page of this server' })
  }
}
