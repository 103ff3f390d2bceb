/** The token call: a code or a refresh token for an access token and a new refresh token. */
import { hash } from 'node:crypto'
import { refuse } from '../../../domain/failure.ts'
import type { Client } from '../../../domain/identity.ts'
import type { CodeGrant } from '../../../core/authorization-code.ts'
import type { IssuedTokens } from '../../../core/issued-tokens.ts'
import type { SurfaceRequest } from '../../surface.ts'
import { oauthClientOf } from './caller.ts'
import { sessionAttributes } from './login.ts'
import { BAANX, type BaanxService } from './service.ts'

export interface CodeBody {
  readonly grant_type: 'authorization_code'
  readonly code: string
  readonly redirect_uri?: string
  readonly code_verifier: string
  readonly client_id?: string
}

export interface RefreshBody {
  readonly grant_type: 'refresh_token'
  readonly refresh_token: string
}

const invalidGrant = {
  kind: 'token_invalid',
  reason: 'not a code that this client may use',
} as const

/**
 * `POST …/token`.
 *
 * @throws {Refusal} `token_invalid`, `token_expired`, `token_revoked`, `refresh_token_reused`,
 *   `account_disabled`, `store_unavailable`.
 */
export async function exchange(
  service: BaanxService,
  caller: Client,
  command: CodeBody | RefreshBody,
  request: SurfaceRequest,
): Promise<IssuedTokens> {
  return command.grant_type === 'refresh_token'
    ? refresh(service, caller, command.refresh_token)
    : redeem(service, caller, command, request)
}

async function refresh(
  service: BaanxService,
  caller: Client,
  refreshToken: string,
): Promise<IssuedTokens> {
  const { accessLifetimeMs, refreshLifetimeMs, graceMs } = service.settings
  return service.core.refresh({
    refreshToken,
    dialect: BAANX,
    audience: BAANX,
    accessLifetimeMs,
    refreshLifetimeMs,
    graceMs,
    onReplay: 'same-answer',
    permit: async ({ clientId }) => {
      const client = await oauthClientOf(service, caller, clientId)
      if (client === undefined) refuse(invalidGrant)
    },
  })
}

async function redeem(
  service: BaanxService,
  caller: Client,
  command: CodeBody,
  request: SurfaceRequest,
): Promise<IssuedTokens> {
  const { accessLifetimeMs, refreshLifetimeMs, sessionLifetimeMs, graceMs } = service.settings
  return service.core.redeemCode({
    dialect: BAANX,
    code: command.code,
    graceMs,
    permit: (grant) => checkGrant(service, caller, command, grant),
    session: {
      audience: BAANX,
      accessLifetimeMs,
      refreshLifetimeMs,
      sessionLifetimeMs: Math.max(sessionLifetimeMs, refreshLifetimeMs),
      attributes: sessionAttributes(request),
    },
  })
}

async function checkGrant(
  service: BaanxService,
  caller: Client,
  command: CodeBody,
  grant: CodeGrant,
): Promise<void> {
  const { redirect_uri: redirectUri, client_id: clientId, code_verifier: verifier } = command
  const client = await oauthClientOf(service, caller, grant.clientId)
  if (client === undefined) return refuse(invalidGrant)
  if (clientId !== undefined && clientId !== client.key) return refuse(invalidGrant)
  if (redirectUri !== undefined && redirectUri !== grant.context['redirectUri'])
    return refuse(invalidGrant)
  if (challengeOf(verifier) !== grant.context['codeChallenge']) return refuse(invalidGrant)
}

/** PKCE with S256 (RFC 7636, section 4.6). */
function challengeOf(codeVerifier: string): string {
  return hash('sha256', codeVerifier, 'base64url')
}
