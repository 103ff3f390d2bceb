/** Authorization requests (RFC 6749, section 4.1.1; OpenID Connect Core 1.0, section 3.1.2.1). */
import { defined } from '../../../domain/defined.ts'
import { refuse } from '../../../domain/failure.ts'
import { oauthClientOf, type OAuthClient } from '../../oauth-client.ts'
import { isRegistered, withParameters } from '../../redirect-uri.ts'
import type { Answer } from '../../surface.ts'
import { readWantedAcr, type WantedAcr } from './acr.ts'
import { allowedScopes, words } from './client-call.ts'
import type { SignOn } from './browser.ts'
import { THUMBPRINT } from './dpop.ts'
import type { OAuthService } from './service.ts'
import { browserStateCookies, sessionStateOf } from './session-state.ts'

/** A request that is good. It is kept while its person logs in, so it is JSON. */
export interface Authorization {
  readonly clientId: string
  readonly redirectUri: string
  readonly state?: string
  /** The scopes that it asks for and its client may have. */
  readonly scopes: readonly string[]
  readonly codeChallenge: string
  readonly nonce?: string
  /** Thumbprint of the key that the code will be good for alone (RFC 9449, section 10). */
  readonly dpopJkt?: string
  readonly prompts: readonly string[]
  readonly maxAgeSeconds?: number
  readonly wantedAcr?: WantedAcr
  readonly loginHint?: string
  /** Languages in which its client would have the pages. */
  readonly uiLocales?: string
  /** Whom an ID token that came along is about. */
  readonly hintedSubject?: string
  readonly startedAtMs: number
}

/** Errors that go back to the client (RFC 6749, section 4.1.2.1, and OpenID Connect's own). */
export type AuthorizationError =
  | 'invalid_request'
  | 'unauthorized_client'
  | 'access_denied'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'login_required'
  | 'consent_required'
  | 'unmet_authentication_requirements'
  | 'request_not_supported'
  | 'request_uri_not_supported'

/** Where an answer goes. */
export type Recipient = Pick<Authorization, 'clientId' | 'redirectUri' | 'state'>

const MAX_TEXT = 2048
/** An ID token has claims and the signature of a long key. */
const MAX_HINT = 8192
const prompts: ReadonlySet<string> = new Set(['none', 'login', 'consent', 'select_account'])

/**
 * Who asks, and where an answer may go. Until that is certain the browser is not redirected (RFC
 * 9700, section 4.11): it gets a page.
 *
 * @throws {Refusal} `invalid_parameter`, `missing_parameter`.
 */
export async function findRecipient(
  { core }: OAuthService,
  parameters: URLSearchParams,
): Promise<{ readonly client: OAuthClient; readonly recipient: Recipient }> {
  const id = required(parameters, 'client_id')
  const found = await core.clients.find({ by: 'id', value: id })
  const client = oauthClientOf(found)
  if (client === undefined || found?.status === 'disabled') {
    return refuse({ kind: 'invalid_parameter', parameter: 'client_id', reason: 'not known' })
  }
  const redirectUri = required(parameters, 'redirect_uri')
  // A native application is given its port by its system (RFC 8252, section 7.3).
  if (!isRegistered(redirectUri, client.client.redirectUris, isPublic(client))) {
    const parameter = 'redirect_uri'
    return refuse({ kind: 'invalid_parameter', parameter, reason: 'not registered' })
  }
  const states = parameters.getAll('state')
  const [state] = states
  const isState = states.length === 1 && state !== undefined && state.length <= MAX_TEXT
  return { client, recipient: { clientId: id, redirectUri, ...(isState ? { state } : {}) } }
}

function isPublic({ methods }: OAuthClient): boolean {
  return methods.includes('none')
}

/**
 * Whether nothing assures that a request comes from its client: it proves nothing, and its redirect
 * URI may be that of any program on the person's own machine (RFC 8252, section 8.6).
 */
export function mayBeAnother(client: OAuthClient, { redirectUri }: Recipient): boolean {
  return isPublic(client) && !redirectUri.startsWith('https:')
}

function required(parameters: URLSearchParams, parameter: string): string {
  const [value = '', ...others] = parameters.getAll(parameter)
  if (value === '') return refuse({ kind: 'missing_parameter', parameter })
  if (others.length > 0 || value.length > MAX_TEXT) {
    return refuse({ kind: 'invalid_parameter', parameter, reason: 'sent twice, or too long' })
  }
  return value
}

/** Reads the rest of a request whose client is known, or says what is wrong with it. */
export async function readAuthorization(
  { core, clock }: OAuthService,
  parameters: URLSearchParams,
  client: OAuthClient,
  recipient: Recipient,
): Promise<Authorization | { readonly error: AuthorizationError; readonly why: string }> {
  const wrong = (error: AuthorizationError, why: string) => ({ error, why })
  const invalid = (why: string) => wrong('invalid_request', why)
  if (new Set(parameters.keys()).size !== [...parameters.keys()].length)
    return invalid('a parameter is there more than once')
  const isLong = ([name, { length }]: readonly [string, string]): boolean =>
    length > (name === 'id_token_hint' ? MAX_HINT : MAX_TEXT)
  if ([...parameters].some(isLong)) return invalid('a parameter is too long')
  const given = (name: string): string | undefined => parameters.get(name) || undefined
  if (given('request') !== undefined)
    return wrong('request_not_supported', 'request objects are not taken')
  if (given('request_uri') !== undefined)
    return wrong('request_uri_not_supported', 'only what was pushed here is taken')
  if (given('response_type') === undefined) return invalid('response_type is missing')
  if (given('response_type') !== 'code') {
    return wrong('unsupported_response_type', 'response_type must be code')
  }
  if (!client.grants.includes('authorization_code')) {
    return wrong('unauthorized_client', 'this client may not use authorization codes')
  }
  if ((given('response_mode') ?? 'query') !== 'query') return invalid('response_mode must be query')
  const codeChallenge = given('code_challenge') ?? ''
  if (given('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(codeChallenge))
    return invalid('PKCE with the method S256 is required')
  const scopes = allowedScopes(client, given('scope'))
  if (scopes === undefined)
    return wrong('invalid_scope', 'the client may have none of these scopes')
  const prompt = words(given('prompt'))
  if (prompt.some((one) => !prompts.has(one))) return invalid('prompt is not known')
  if (prompt.includes('none') && prompt.length > 1) return invalid('prompt is none and more')
  const maxAge = given('max_age')
  if (maxAge !== undefined && !/^\d{1,9}$/.test(maxAge))
    return invalid('max_age is not a number of seconds')
  const wantedAcr = readWantedAcr(parameters)
  if (wantedAcr === 'malformed') return invalid('acr_values or claims cannot be read')
  const hint = given('id_token_hint')
  const hinted = hint === undefined ? undefined : await core.readIdToken(hint)
  if (hint !== undefined && hinted === undefined)
    return invalid('id_token_hint is not an ID token of this server')
  const dpopJkt = given('dpop_jkt')
  if (dpopJkt !== undefined && !THUMBPRINT.test(dpopJkt))
    return invalid('dpop_jkt is not a SHA-256 thumbprint')
  const [nonce, loginHint, uiLocales] = [given('nonce'), given('login_hint'), given('ui_locales')]
  return {
    ...recipient,
    scopes,
    codeChallenge,
    ...defined({ nonce, dpopJkt }),
    prompts: prompt,
    ...(maxAge === undefined ? {} : { maxAgeSeconds: Number(maxAge) }),
    ...defined({ wantedAcr }),
    ...(loginHint === undefined ? {} : { loginHint: loginHint.slice(0, 256) }),
    ...defined({ uiLocales }),
    ...(hinted === undefined ? {} : { hintedSubject: hinted.subjectId }),
    startedAtMs: clock.nowMs(),
  }
}

/**
 * Sends a browser back to the client, with `iss` (RFC 9207), and with the state of the browser
 * where session management is on.
 *
 * @param signOn Who is logged in at the browser.
 */
export function sendBack(
  service: OAuthService,
  recipient: Recipient,
  parameters: Readonly<Record<string, string>>,
  signOn: Pick<SignOn, 'sid'> | undefined,
): Answer {
  const { redirectUri, state } = recipient
  const sessionState = sessionStateOf(service, recipient, signOn?.sid)
  const location = withParameters(redirectUri, {
    ...parameters,
    ...defined({ state, session_state: sessionState }),
    iss: service.issuer,
  })
  return {
    status: 303,
    headers: { location, 'referrer-policy': 'no-referrer' },
    cookies: browserStateCookies(service, signOn?.sid),
  }
}

export function sendError(
  service: OAuthService,
  recipient: Recipient,
  error: AuthorizationError,
  why: string,
  signOn: Pick<SignOn, 'sid'> | undefined,
): Answer {
  return sendBack(service, recipient, { error, error_description: why }, signOn)
}
