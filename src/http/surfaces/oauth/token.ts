/** `POST /oauth2/token`: a code, a refresh token or a client's own credentials for tokens. */
import { defined } from '../../../domain/defined.ts'
import { hash } from 'node:crypto'
import { Refusal, refuse, type Failure } from '../../../domain/failure.ts'
import { clientSubject } from '../../../domain/identity.ts'
import { cameFrom } from '../../came-from.ts'
import type { SurfaceRequest } from '../../surface.ts'
import { DEVICE_CODE, grantTypes } from '../../../protocol/client-metadata.ts'
import { OAUTH, type OAuthClient } from '../../oauth-client.ts'
import { readClientCall } from './client-call.ts'
import { pollDevice } from './device.ts'
import { bindingOf, readHolder, type Holder } from './dpop.ts'
import type { OAuthService } from './service.ts'
import {
  accessClaims,
  answerOf,
  contextOf,
  foreignCode,
  partOf,
  partOfGrant,
  wrong,
  type TokenAnswer,
  type TokenError,
} from './token-answer.ts'

/**
 * 1. The client proves who it is, as it is registered.
 * 2. The form is read, and the proof of a key where there is one.
 * 3. The grant is used up, in the transaction that finds its session alive.
 *
 * @returns The tokens, or why there are none.
 * @throws {Refusal} For failures of the client or this server, not of the grant.
 */
export async function exchange(
  service: OAuthService,
  request: SurfaceRequest,
): Promise<TokenAnswer | TokenError> {
  const called = await readClientCall(service, request)
  if ('error' in called) return called
  const { client, form } = called
  const wanted = form.get('grant_type')
  if (wanted === null) return wrong('invalid_request', 'grant_type is missing')
  const grant = grantTypes.find((known) => known === wanted)
  if (grant === undefined) return wrong('unsupported_grant_type', 'grant_type is not known here')
  if (!client.grants.includes(grant)) {
    return wrong('unauthorized_client', 'the client is not registered for this grant_type')
  }
  const holder = await readHolder(service, request)
  if ('error' in holder) return holder
  if (client.metadata.dpop_bound_access_tokens === true && holder.thumbprint === undefined) {
    return wrong('invalid_dpop_proof', 'this client must send a proof')
  }
  try {
    return await act[grant](service, client, form, holder, request)
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
  holder: Holder,
  request: SurfaceRequest,
) => Promise<TokenAnswer | TokenError>

const act: Readonly<Record<(typeof grantTypes)[number], Act>> = {
  authorization_code: redeem,
  refresh_token: refresh,
  client_credentials: openForClient,
  [DEVICE_CODE]: pollDevice,
}

/** One text for all of it: a thief is not told which. */
const unusable =
  'it is unknown, used, expired or revoked, or not for this client, redirect_uri, code_verifier or key'

/** What concerns the grant; undefined for what concerns this server. */
function grantError(failure: Failure): TokenError | undefined {
  switch (failure.kind) {
    case 'token_invalid':
    case 'token_expired':
    case 'token_revoked':
    case 'refresh_token_reused':
    case 'account_disabled':
      return wrong('invalid_grant', unusable)
    case 'invalid_parameter':
      return wrong('invalid_scope', 'more than was granted')
    default:
      return undefined
  }
}

async function redeem(
  service: OAuthService,
  client: OAuthClient,
  form: URLSearchParams,
  holder: Holder,
): Promise<TokenAnswer | TokenError> {
  const { core } = service
  const [code, verifier] = [form.get('code'), form.get('code_verifier')]
  if (code === null || verifier === null) {
    return wrong('invalid_request', 'code and code_verifier are required')
  }
  let nonce: string | undefined
  const issued = await core.joinByCode({
    dialect: OAUTH,
    code,
    permit(grant) {
      const { clientId, context } = grant
      const { dpopJkt = holder.thumbprint } = contextOf(grant)
      const isSameUri = form.get('redirect_uri') === context['redirectUri']
      const isSameMaker = hash('sha256', verifier, 'base64url') === context['codeChallenge']
      const isSameHolder = dpopJkt === holder.thumbprint
      if (clientId !== client.id || !isSameUri || !isSameMaker || !isSameHolder) {
        refuse(foreignCode)
      }
    },
    join(grant) {
      const { sid, nonce: given } = contextOf(grant)
      nonce = given
      return { sid, ...partOfGrant(service, client, grant, holder) }
    },
  })
  return answerOf(service, issued, holder, nonce)
}

async function refresh(
  service: OAuthService,
  client: OAuthClient,
  form: URLSearchParams,
  holder: Holder,
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
    ...defined({ provenKey: holder.thumbprint }),
    ...bindingOf(client, holder),
    permit(session) {
      if (session.clientId !== client.id) return refuse(foreignCode)
      const granted = partOf(session).scope.split(' ')
      if (narrower?.split(' ').some((scope) => !granted.includes(scope)) === true) {
        refuse({ kind: 'invalid_parameter', parameter: 'scope', reason: 'not granted' })
      }
    },
    claims: (session) =>
      accessClaims({ ...partOf(session), ...(narrower && { scope: narrower }) }, holder),
  })
  return answerOf(service, issued, holder, undefined, narrower)
}

async function openForClient(
  service: OAuthService,
  client: OAuthClient,
  form: URLSearchParams,
  holder: Holder,
  request: SurfaceRequest,
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
    claims: accessClaims({ scope }, holder),
    attributes: { ...cameFrom(request), scope },
  })
  return answerOf(service, issued, holder, undefined)
}
