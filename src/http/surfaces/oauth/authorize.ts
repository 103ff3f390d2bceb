/** `/oauth2/authorize`, and how a request goes on: to the login page, to consent, or to its code. */
import { defined } from '../../../domain/defined.ts'
import type { Generations } from '../../../domain/generation.ts'
import { refuse } from '../../../domain/failure.ts'
import { readForm } from '../../body.ts'
import type { Cookie } from '../../cookie.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import { OAUTH, type OAuthClient } from '../../oauth-client.ts'
import { withParameters } from '../../redirect-uri.ts'
import { acrFor, isOffered } from './acr.ts'
import {
  findRecipient,
  mayBeAnother,
  readAuthorization,
  sendBack,
  sendError,
  type Authorization,
  type AuthorizationError,
} from './authorization.ts'
import { findSignOn, hasBrowserCookie, type SignOn } from './browser.ts'
import { consentPath, loginPath, showInteraction, takeInteraction } from './interaction.ts'
import { authorizePath } from './metadata.ts'
import { keepRequest, takeRequest, type SentRequest } from './pushed.ts'
import type { OAuthService } from './service.ts'

const CONSENT = 'oauth-consent'
/** A consent that is not used for this long is asked for again. */
const CONSENT_KEPT_MS = 365 * 86_400_000

/**
 * `GET` or `POST /oauth2/authorize`.
 *
 * 1. The request that is meant: this one, or the one that it names (RFC 9126, section 4).
 * 2. Its client, and where answers go; until that is certain there are none.
 * 3. The rest of it.
 * 4. Who is logged in at this browser, and what they have to be asked.
 */
export async function authorize(service: OAuthService, request: SurfaceRequest): Promise<Answer> {
  const sent = request.method === 'POST' ? readForm(request) : request.query
  const { parameters, isPushed } = await takeRequest(service, sent)
  const { client, recipient } = await findRecipient(service, parameters)
  const signOn = await findSignOn(service, request)
  const wrong = (error: AuthorizationError, why: string): Answer =>
    sendError(service, recipient, error, why, signOn)
  if (client.metadata.require_pushed_authorization_requests === true && !isPushed) {
    return wrong('invalid_request', 'this client has to push its requests')
  }
  if (request.method === 'POST' && !hasBrowserCookie(service, request)) {
    return bringByGet(service, request, client, { parameters, isPushed })
  }
  const read = await readAuthorization(service, parameters, client, recipient)
  if ('error' in read) return wrong(read.error, read.why)
  return proceed(service, request, { authorization: read, client, signOn })
}

/**
 * A form of another site comes without the cookies that the browser has here. They come with the
 * GET to which this leads, so a person who is logged in is not asked again, and no cookie is
 * replaced.
 */
async function bringByGet(
  service: OAuthService,
  { clientAddress }: SurfaceRequest,
  client: OAuthClient,
  { parameters, isPushed }: SentRequest,
): Promise<Answer> {
  await service.strangers.consume(clientAddress)
  const uri = await keepRequest(service, client, parameters, isPushed)
  const location = withParameters(authorizePath, { client_id: client.id, request_uri: uri })
  return { status: 303, headers: { location } }
}

/** Where a login has got to. */
export interface Progress {
  readonly authorization: Authorization
  readonly client: OAuthClient
  readonly signOn: SignOn | undefined
  /** The handle under which it is kept, once the person was asked something. */
  readonly interaction?: string
  /** True: this person has just consented. */
  readonly hasConsented?: true
  readonly cookies?: readonly Cookie[]
}

/**
 * Continues: to a page where the person has to be asked, otherwise back to the client with a code.
 */
export async function proceed(
  service: OAuthService,
  request: SurfaceRequest,
  progress: Progress,
): Promise<Answer> {
  const { authorization, signOn } = progress
  const isSilent = authorization.prompts.includes('none')
  if (!mayBeMet(service, authorization)) return refuseAcr(service, progress)
  if (signOn === undefined || needsLogin(service, authorization, signOn)) {
    return isSilent
      ? sendError(service, authorization, 'login_required', 'no person is logged in', signOn)
      : ask(service, request, progress, loginPath)
  }
  if (isUnmet(authorization, signOn)) return refuseAcr(service, progress)
  const { hintedSubject } = authorization
  if (hintedSubject !== undefined && hintedSubject !== signOn.subjectId) {
    return refuseOther(service, progress)
  }
  const generations = await service.core.sessions.generations({
    subjectId: signOn.subjectId,
    clientId: authorization.clientId,
    deviceKey: undefined,
    sid: signOn.sid,
  })
  if (!(await hasConsent(service, progress, signOn, generations))) {
    return isSilent
      ? sendError(
          service,
          authorization,
          'consent_required',
          'the person has not consented yet',
          signOn,
        )
      : ask(service, request, progress, consentPath)
  }
  return finish(service, progress, signOn, generations)
}

function needsLogin(service: OAuthService, authorization: Authorization, signOn: SignOn): boolean {
  const { prompts, maxAgeSeconds, hintedSubject, startedAtMs } = authorization
  const { authTimeMs, subjectId } = signOn
  // A login for this very request satisfies it.
  if (authTimeMs >= startedAtMs) return false
  if (prompts.includes('login') || prompts.includes('select_account')) return true
  if (hintedSubject !== undefined && hintedSubject !== subjectId) return true
  if (needsOtherAcr(service, authorization, signOn)) return true
  return maxAgeSeconds !== undefined && startedAtMs - authTimeMs > maxAgeSeconds * 1000
}

/** Where the person may not be asked, a preference alone does not cause a failure. */
function needsOtherAcr(
  service: OAuthService,
  { wantedAcr, prompts }: Authorization,
  { method }: SignOn,
): boolean {
  if (wantedAcr === undefined || acrFor(wantedAcr, method) !== undefined) return false
  return isOffered(service, wantedAcr) && (wantedAcr.isEssential || !prompts.includes('none'))
}

/** Whether this server has such a login as the client needs. */
function mayBeMet(service: OAuthService, { wantedAcr }: Authorization): boolean {
  return wantedAcr?.isEssential !== true || isOffered(service, wantedAcr)
}

/** Whether this login is not what the client needs. */
function isUnmet({ wantedAcr }: Authorization, { method }: SignOn): boolean {
  return wantedAcr?.isEssential === true && acrFor(wantedAcr, method) === undefined
}

/** OpenID Connect Core Unmet Authentication Requirements 1.0. */
function refuseAcr(service: OAuthService, progress: Progress): Promise<Answer> {
  const why = 'no login here is as strong as acr asks for'
  return breakOff(service, progress, 'unmet_authentication_requirements', why)
}

/** No code for another person than the client's hint names (OpenID Connect Core, 3.1.2.2). */
function refuseOther(service: OAuthService, progress: Progress): Promise<Answer> {
  return breakOff(service, progress, 'login_required', 'another person has logged in')
}

async function breakOff(
  service: OAuthService,
  { authorization, interaction, signOn, cookies = [] }: Progress,
  error: AuthorizationError,
  why: string,
): Promise<Answer> {
  if (interaction !== undefined) await takeInteraction(service, interaction)
  return withCookies(cookies, sendError(service, authorization, error, why, signOn))
}

function withCookies(cookies: readonly Cookie[], answer: Answer): Answer {
  return { ...answer, cookies: [...cookies, ...(answer.cookies ?? [])] }
}

/** What a person has allowed a client before; void once the grant was revoked. */
interface Consent {
  readonly scopes: readonly string[]
  readonly generation: number
}

async function hasConsent(
  { core, clock }: OAuthService,
  { authorization, client, hasConsented }: Progress,
  { subjectId }: SignOn,
  { grant: generation }: Generations,
): Promise<boolean> {
  if (client.metadata.skip_consent === true) return true
  const key = `${client.id} ${subjectId}`
  if (hasConsented === true) {
    const value = { scopes: authorization.scopes, generation }
    const expiresAtMs = clock.nowMs() + CONSENT_KEPT_MS
    await core.records.put({ kind: CONSENT, key, value, expiresAtMs })
    return true
  }
  if (authorization.prompts.includes('consent') || mayBeAnother(client, authorization)) return false
  const found = await core.records.find(CONSENT, key)
  if (found === undefined || found.isOver) return false
  const given = found.value as unknown as Consent
  const isCovered = authorization.scopes.every((scope) => given.scopes.includes(scope))
  return isCovered && given.generation === generation
}

function ask(
  service: OAuthService,
  request: SurfaceRequest,
  { authorization, interaction, cookies = [] }: Progress,
  path: string,
): Promise<Answer> {
  const purpose = { kind: 'authorization', authorization } as const
  return showInteraction(service, request, path, interaction ?? purpose, cookies)
}

async function finish(
  service: OAuthService,
  { authorization, interaction, cookies = [] }: Progress,
  signOn: SignOn,
  generations: Generations,
): Promise<Answer> {
  const { sid, subjectId, authTimeMs, method } = signOn
  const { core, options } = service
  // A form that is sent twice leads back once.
  if (interaction !== undefined && !(await takeInteraction(service, interaction))) {
    return refuse({ kind: 'not_found' })
  }
  const { clientId, redirectUri, codeChallenge, scopes, nonce, dpopJkt, wantedAcr } = authorization
  const acr = acrFor(wantedAcr, method)
  const code = await core.issueCode({
    dialect: OAUTH,
    clientId,
    subjectId,
    generations,
    context: {
      sid,
      authTimeMs,
      method,
      ...defined({ acr }),
      redirectUri,
      codeChallenge,
      scope: scopes.join(' '),
      ...defined({ nonce, dpopJkt }),
    },
    lifetimeMs: options.codeLifetimeMs,
  })
  return withCookies(cookies, sendBack(service, authorization, { code }, signOn))
}
