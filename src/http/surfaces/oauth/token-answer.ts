/** What the token endpoint answers, for every grant type. */
import type { CodeGrant } from '../../../core/authorization-code.ts'
import type { JoinRequest } from '../../../core/join-session.ts'
import type { IssuedTokens } from '../../../core/issued-tokens.ts'
import type { ExtraClaims } from '../../../core/sign-access.ts'
import type { Session } from '../../../domain/session.ts'
import type { OAuthClient } from '../../oauth-client.ts'
import type { CallError } from './client-call.ts'
import { bindingOf, type Holder } from './dpop.ts'
import { loginClaims, type LoginFacts } from './login-method.ts'
import type { OAuthService } from './service.ts'

/** RFC 6749, section 5.1, and OpenID Connect Core 1.0, section 3.1.3.3. */
export interface TokenAnswer {
  readonly access_token: string
  readonly token_type: 'Bearer' | 'DPoP'
  readonly expires_in: number
  readonly refresh_token?: string
  readonly id_token?: string
  readonly scope?: string
}

/** What is said where no tokens are given (RFC 6749, section 5.2; RFC 8628, section 3.5). */
export type TokenError = CallError<
  | 'invalid_request'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'authorization_pending'
  | 'slow_down'
  | 'access_denied'
  | 'expired_token'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
>

export function wrong(error: TokenError['error'], why: string): TokenError {
  return { error, why }
}

/** A code that the client who brings it was not given. */
export const foreignCode = { kind: 'token_invalid', reason: 'not a code of this client' } as const

/** How a client comes into a session, by what a person has allowed it. */
export function partOfGrant(
  { issuer, options }: OAuthService,
  client: OAuthClient,
  grant: CodeGrant,
  holder: Holder,
): Omit<JoinRequest, 'sid' | 'clientId' | 'dialect'> {
  const { scope, authTimeMs, method, acr } = contextOf(grant)
  const { grants, metadata } = client
  const { backchannel_logout_uri: backchannelLogoutUri } = metadata
  const { accessLifetimeMs, refreshLifetimeMs } = options
  return {
    audience: issuer,
    accessLifetimeMs,
    ...(grants.includes('refresh_token') ? { refreshLifetimeMs } : {}),
    ...bindingOf(client, holder),
    claims: accessClaims({ scope, authTimeMs }, holder),
    attributes: {
      scope,
      authTimeMs,
      method,
      ...(acr === undefined ? {} : { acr }),
      ...(backchannelLogoutUri === undefined ? {} : { backchannelLogoutUri }),
    },
  }
}

/** What a person's consent has put into a code. */
interface CodeContext extends LoginFacts {
  readonly sid: string
  readonly scope: string
  readonly nonce?: string
  /** Thumbprint of the key that it is good for alone. */
  readonly dpopJkt?: string
}

export function contextOf({ context }: CodeGrant): CodeContext {
  return context as unknown as CodeContext
}

/**
 * What a client's part of a session remembers of its login; of none where the client acts for
 * itself.
 */
interface Part extends Partial<LoginFacts> {
  readonly scope: string
}

export function partOf({ attributes }: Session): Part {
  return attributes as unknown as Part
}

export function accessClaims({ scope, authTimeMs }: Part, { thumbprint }: Holder): ExtraClaims {
  return {
    ...(thumbprint === undefined ? {} : { cnf: { jkt: thumbprint } }),
    ...(scope === '' ? {} : { scope }),
    ...(authTimeMs === undefined ? {} : { auth_time: Math.floor(authTimeMs / 1000) }),
  }
}

export async function answerOf(
  { core, options }: OAuthService,
  { session, access, refresh: next }: IssuedTokens,
  { thumbprint }: Holder,
  nonce: string | undefined,
  narrower?: string,
): Promise<TokenAnswer> {
  const { scope: granted, authTimeMs, method = 'password', acr } = partOf(session)
  const scope = narrower ?? granted
  const isOpenid = authTimeMs !== undefined && granted.split(' ').includes('openid')
  const { clientId: audience, subjectId, sid } = session
  const idToken =
    isOpenid &&
    (await core.signIdToken({ audience, subjectId, sid }, options.idTokenLifetimeMs, {
      ...loginClaims({ authTimeMs, method, ...(acr === undefined ? {} : { acr }) }),
      ...(nonce === undefined ? {} : { nonce }),
    }))
  return {
    access_token: access.token,
    token_type: thumbprint === undefined ? 'Bearer' : 'DPoP',
    expires_in: Math.round((access.expiresAtMs - access.issuedAtMs) / 1000),
    ...(next === undefined ? {} : { refresh_token: next.token }),
    ...(idToken === false ? {} : { id_token: idToken }),
    ...(scope === '' ? {} : { scope }),
  }
}
