/** `POST /oauth2/token`: a code, a refresh token or a client's own credentials for tokens. */
import { hash } from 'node:crypto'
import { Refusal, refuse, type Failure } from '../../../domain/failure.ts'
import { clientSubject } from '../../../domain/identity.ts'
import type { Session } from '../../../domain/session.ts'
import type { CodeGrant } from '../../../core/authorization-code.ts'
import type { IssuedTokens } from '../../../core/open-session.ts'
import { readForm } from '../../body.ts'
import type { DialectRequest } from '../../dialect.ts'
import { grantTypes, OAUTH, oauthClientOf, type OAuthClient } from '../../oauth-client.ts'
import type { OAuthService } from './service.ts'

/** RFC 6749, section 5.1, and OpenID Connect Core 1.0, section 3.1.3.3. */
export interface TokenAnswer {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly refresh_token?: string
  readonly id_token?: string
  readonly scope?: string
}

/** What is said where no tokens are given (RFC 6749, section 5.2). */
export interface TokenError {
  readonly error:
    | 'invalid_request'
    | 'invalid_grant'
    | 'unauthorized_client'
    | 'unsupported_grant_type'
    | 'invalid_scope'
  readonly why: string
}

/**
 * 1. The client proves who it is, as it is registered.
 * 2. The form is read.
 * 3. The grant is used up, in the transaction that finds that what it stands for has not ended.
 *
 * @returns The tokens, or why there are none.
 * @throws {Refusal} What concerns the client or this server, and no grant.
 */
export async function exchange(
  service: OAuthService,
  request: DialectRequest,
): Promise<TokenAnswer | TokenError> {
  const id = await service.authenticateClient(request)
  if (id === undefined) return refuse({ kind: 'credentials_missing' })
  const client = oauthClientOf(await service.core.clients.find({ by: 'id', value: id }))
  if (client === undefined) return refuse({ kind: 'credentials_invalid' })
  const form = readForm(request)
  if (new Set(form.keys()).size !== [...form.keys()].length) {
    return wrong('invalid_request', 'a parameter is there more than once')
  }
  const wanted = form.get('grant_type')
  if (wanted === null) return wrong('invalid_request', 'grant_type is missing')
  const grant = grantTypes.find((known) => known === wanted)
  if (grant === undefined) return wrong('unsupported_grant_type', 'grant_type is not known here')
  if (!client.grants.includes(grant)) {
    return wrong('unauthorized_client', 'the client is not registered for this grant_type')
  }
  try {
    return await act[grant](service, client, form)
  } catch (error) {
    const said = error instanceof Refusal ? grantError(error.failure) : undefined
    if (said === undefined) throw error
    return said
  }
}

type Act = (
  service: OAuthService,
  client: OAuthClient,
  form: URLSearchParams,
) => Promise<TokenAnswer | TokenError>

const act: Readonly<Record<(typeof grantTypes)[number], Act>> = {
  authorization_code: redeem,
  refresh_token: refresh,
  client_credentials: openForClient,
}

/** What concerns the grant; undefined for what concerns this server. */
function grantError(failure: Failure): TokenError | undefined {
  switch (failure.kind) {
    case 'token_invalid':
    case 'token_expired':
    case 'token_revoked':
    case 'refresh_token_reused':
    case 'account_disabled':
      return wrong('invalid_grant', 'it is unknown, used, expired or revoked')
    case 'invalid_parameter':
      return wrong('invalid_scope', 'more than was granted')
    default:
      return undefined
  }
}

function wrong(error: TokenError['error'], why: string): TokenError {
  return { error, why }
}

const foreignCode = { kind: 'token_invalid', reason: 'not a code of this client' } as const

async function redeem(
  service: OAuthService,
  client: OAuthClient,
  form: URLSearchParams,
): Promise<TokenAnswer | TokenError> {
  const { core, issuer, options } = service
  const [code, verifier] = [form.get('code'), form.get('code_verifier')]
  if (code === null || verifier === null) {
    return wrong('invalid_request', 'code and code_verifier are required')
  }
  let nonce: string | undefined
  const issued = await core.joinByCode({
    dialect: OAUTH,
    code,
    permit({ clientId, context }) {
      const isSameUri = form.get('redirect_uri') === context['redirectUri']
      const isSameMaker = hash('sha256', verifier, 'base64url') === context['codeChallenge']
      if (clientId !== client.id || !isSameUri || !isSameMaker) refuse(foreignCode)
    },
    join(grant) {
      const context = contextOf(grant)
      nonce = context.nonce
      const { scope, sid, authTimeMs } = context
      const { backchannel_logout_uri: backchannelLogoutUri } = client.metadata
      return {
        sid,
        audience: issuer,
        accessLifetimeMs: options.accessLifetimeMs,
        ...(client.grants.includes('refresh_token')
          ? { refreshLifetimeMs: options.refreshLifetimeMs }
          : {}),
        claims: accessClaims({ scope, authTimeMs }),
        attributes: {
          scope,
          authTimeMs,
          ...(backchannelLogoutUri === undefined ? {} : { backchannelLogoutUri }),
        },
      }
    },
  })
  return answerOf(service, issued, nonce)
}

/** What `authorize` has put into the code. */
interface CodeContext {
  readonly sid: string
  readonly scope: string
  readonly authTimeMs: number
  readonly nonce?: string
}

function contextOf({ context }: CodeGrant): CodeContext {
  return context as unknown as CodeContext
}

/** What a client's part of a session remembers of its login. */
interface Part {
  readonly scope: string
  /** Undefined for a client that acts for itself. */
  readonly authTimeMs?: number
}

function partOf({ attributes }: Session): Part {
  return attributes as unknown as Part
}

function accessClaims({ scope, authTimeMs }: Part) {
  return {
    ...(scope === '' ? {} : { scope }),
    ...(authTimeMs === undefined ? {} : { auth_time: Math.floor(authTimeMs / 1000) }),
  }
}

async function refresh(
  service: OAuthService,
  client: OAuthClient,
  form: URLSearchParams,
): Promise<TokenAnswer | TokenError> {
  const { core, issuer, options } = service
  const refreshToken = form.get('refresh_token')
  if (refreshToken === null) return wrong('invalid_request', 'refresh_token is missing')
  const narrower = form.get('scope') ?? undefined
  const issued = await core.refresh({
    refreshToken,
    dialect: OAUTH,
    audience: issuer,
    accessLifetimeMs: options.accessLifetimeMs,
    refreshLifetimeMs: options.refreshLifetimeMs,
    graceMs: 0,
    onReplay: 'refuse',
    permit(session) {
      if (session.clientId !== client.id) return refuse(foreignCode)
      const granted = partOf(session).scope.split(' ')
      if (narrower?.split(' ').some((scope) => !granted.includes(scope)) === true) {
        refuse({ kind: 'invalid_parameter', parameter: 'scope', reason: 'not granted' })
      }
    },
    claims: (session) => accessClaims({ ...partOf(session), ...(narrower && { scope: narrower }) }),
  })
  return answerOf(service, issued, undefined, narrower)
}

async function openForClient(
  service: OAuthService,
  client: OAuthClient,
  form: URLSearchParams,
): Promise<TokenAnswer | TokenError> {
  const { core, issuer, options } = service
  const wanted = form.get('scope')?.split(' ') ?? []
  if (wanted.some((scope) => !client.scopes.includes(scope) || scope === 'openid')) {
    return wrong('invalid_scope', 'the client may not have such a scope')
  }
  const scope = wanted.join(' ')
  const issued = await core.openSession({
    subjectId: clientSubject(client.id),
    clientId: client.id,
    provedBy: client.client,
    dialect: OAUTH,
    audience: issuer,
    accessLifetimeMs: options.accessLifetimeMs,
    claims: accessClaims({ scope }),
    attributes: { scope },
  })
  return answerOf(service, issued, undefined)
}

async function answerOf(
  { core, options }: OAuthService,
  { session, access, refresh: next }: IssuedTokens,
  nonce: string | undefined,
  narrower?: string,
): Promise<TokenAnswer> {
  const { scope: granted, authTimeMs } = partOf(session)
  const scope = narrower ?? granted
  const isOpenid = authTimeMs !== undefined && granted.split(' ').includes('openid')
  const { clientId: audience, subjectId, sid } = session
  const idToken =
    isOpenid &&
    (await core.signIdToken({ audience, subjectId, sid }, options.idTokenLifetimeMs, {
      auth_time: Math.floor(authTimeMs / 1000),
      ...(nonce === undefined ? {} : { nonce }),
    }))
  return {
    access_token: access.token,
    token_type: 'Bearer',
    expires_in: Math.round((access.expiresAtMs - access.issuedAtMs) / 1000),
    ...(next === undefined ? {} : { refresh_token: next.token }),
    ...(idToken === false ? {} : { id_token: idToken }),
    ...(scope === '' ? {} : { scope }),
  }
}
