/** `/oidc/userinfo` (OpenID Connect Core 1.0, section 5.3): what an access token lets one know. */
import { refusalOf } from '../../../core/inspect.ts'
import { refuse, type Failure } from '../../../domain/failure.ts'
import type { Subject } from '../../../domain/identity.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import { adviceOf, problems } from '../../problem.ts'
import { challengeTo, shownToken } from '../../shown-token.ts'
import type { OAuthService } from './service.ts'

export interface Userinfo {
  readonly sub: string
  readonly name?: string
  readonly preferred_username?: string
  readonly email?: string
  readonly phone_number?: string
}

/** @throws {Refusal} As `inspect`; `forbidden` for a token without the scope `openid`. */
export async function userinfo(
  { core, issuer }: OAuthService,
  request: SurfaceRequest,
): Promise<Userinfo> {
  const verdict = await core.proofs.verify(shownToken(request), issuer)
  if (!verdict.ok) return refuse(refusalOf(verdict))
  const { claims } = verdict
  const scopes = typeof claims['scope'] === 'string' ? claims['scope'].split(' ') : []
  if (!scopes.includes('openid')) return refuse({ kind: 'forbidden', reason: 'no scope openid' })
  const subject = await core.subjects.find({ by: 'id', value: claims.sub })
  return { sub: claims.sub, ...(subject === undefined ? {} : claimsOf(subject, scopes)) }
}

function claimsOf(
  { name, username, email, phone }: Subject,
  scopes: readonly string[],
): Omit<Userinfo, 'sub'> {
  const has = (scope: string): boolean => scopes.includes(scope)
  return {
    ...(has('profile') && name !== '' ? { name } : {}),
    ...(has('profile') && username !== undefined ? { preferred_username: username } : {}),
    ...(has('email') && email !== undefined ? { email } : {}),
    ...(has('phone') && phone !== undefined ? { phone_number: `+${phone}` } : {}),
  }
}

/** A failure with the challenge that RFC 6750, section 3, and RFC 9449, section 7.1, ask for. */
export function userinfoFailure(failure: Failure, request: SurfaceRequest): Answer {
  const { status, title } = problems[failure.kind]
  const [code, error] = errorOf(failure, status)
  const body = JSON.stringify({ error: error ?? 'invalid_token', error_description: title })
  const challenge =
    failure.kind === 'token_unproven'
      ? failure.challenge
      : challengeTo(request, {
          ...(error === 'insufficient_scope' ? { error, scope: 'openid' } : {}),
          ...(error === 'invalid_token' ? { error } : {}),
        })
  const challenged = code === 401 || code === 403
  return {
    status: code,
    headers: {
      'content-type': 'application/json',
      ...(challenged ? { 'www-authenticate': challenge } : {}),
      ...adviceOf(failure),
    },
    body,
  }
}

/** No credentials at all: a challenge without an error. */
function errorOf({ kind }: Failure, status: number): readonly [number, string | undefined] {
  if (kind === 'credentials_missing') return [401, undefined]
  if (kind === 'credentials_malformed') return [400, 'invalid_request']
  if (kind === 'forbidden') return [403, 'insufficient_scope']
  if (status === 401) return [401, 'invalid_token']
  return [status, status >= 500 ? 'temporarily_unavailable' : 'invalid_request']
}
