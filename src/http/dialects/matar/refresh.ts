import { refuse } from '../../../domain/failure.ts'
import type { RefreshRequest } from '../../../core/refresh.ts'
import type { SurfaceContext } from '../../context.ts'
import type { MatarActs } from './act.ts'
import type { MatarSettings } from './options.ts'

const claims = { fresh: false, type: 'access' } as const

/** Makes the verb `refresh`; see `MatarActs`. */
export function createRefresh(
  context: SurfaceContext,
  options: MatarSettings,
  audience: string,
): MatarActs['refresh'] {
  const { core, clock } = context
  const { accessLifetimeMs } = options
  const policy = refreshPolicy(options)

  return async (refreshToken) => {
    // Refresh tokens are opaque. What has dots is an access token at the wrong call; as its time is
    // judged before its type, an expired one is told so.
    if (refreshToken.includes('.')) return refuseAccessToken(context, refreshToken, audience)
    const issued = await core.refresh({
      refreshToken,
      dialect: 'matar',
      audience,
      accessLifetimeMs,
      claims,
      ...policy,
      permit: (session) => {
        // Time is judged before revocation.
        if (clock.nowMs() >= session.expiresAtMs) refuse({ kind: 'token_expired' })
      },
    })
    return { accessToken: issued.access.token, refreshToken: issued.refresh?.token }
  }
}

function refreshPolicy(
  options: MatarSettings,
): Pick<RefreshRequest, 'graceMs' | 'onReplay' | 'refreshLifetimeMs'> {
  switch (options.refresh) {
    case 'single-use':
      return { graceMs: options.reuseGraceMs, onReplay: 'refuse' }
    case 'rotate':
      return {
        graceMs: options.reuseGraceMs,
        onReplay: 'same-answer',
        refreshLifetimeMs: options.refreshLifetimeMs,
      }
    case 'reusable':
      return { graceMs: options.refreshLifetimeMs, onReplay: 'new-access' }
  }
}

async function refuseAccessToken(
  { core }: SurfaceContext,
  token: string,
  audience: string,
): Promise<never> {
  const verdict = await core.verify(token, audience)
  return !verdict.ok && verdict.reason === 'expired'
    ? refuse({ kind: 'token_expired' })
    : refuse({ kind: 'token_invalid', reason: 'an access token where a refresh token is needed' })
}
