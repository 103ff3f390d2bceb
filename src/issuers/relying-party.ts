/**
 * This server as a client of the identity provider at which its operators sign in (OpenID Connect
 * Core 1.0, section 3.1, with PKCE, RFC 9207 and a nonce). It owns what is asked of the provider
 * and how its answers are judged; finding the operator is a verb of the core.
 *
 * Nothing is kept between two sign-ins: they are rare, and keys or endpoints that have changed
 * since the last one are found. For logout tokens, which anyone may send, the keys are kept.
 */
import * as oauth from 'oauth4webapi'
import type {
  OperatorLogin,
  SignOnBegun,
  SignOnDone,
  SignOnFailure,
  SignOnSecrets,
} from '../domain/single-sign-on.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { LogoutClaims } from '../protocol/logout-token.ts'
import { fetchJson } from './fetch-json.ts'
import { issuerKeys } from './issuer-keys.ts'
import { verifyLogoutToken } from './logout-token.ts'
import { providerFetch, Unreachable, type ProviderFetchOptions } from './provider-fetch.ts'

export interface RelyingPartyOptions extends ProviderFetchOptions {
  readonly clientId: string
  readonly clientSecret: string
  /** Beside `openid`. */
  readonly scopes: readonly string[]
  /** The claim whose values are told as `groups`. */
  readonly groupsClaim: string | undefined
  readonly redirectUri: string
  /** For everything that one step of a sign-in asks the provider. */
  readonly withinMs: number
  readonly clock: Clock
  readonly log: Log
}

export interface RelyingParty {
  begin(): Promise<SignOnBegun | SignOnFailure>
  finish(parameters: URLSearchParams, kept: SignOnSecrets): Promise<SignOnDone | SignOnFailure>
  verifyLogout(token: string): Promise<LogoutClaims | string>
}

const CLOCK_SKEW_SECONDS = 10

export function createRelyingParty(options: RelyingPartyOptions): RelyingParty {
  const { issuer, clientId, clock, log } = options
  const keys = issuerKeys({
    name: 'operators.singleSignOn',
    issuer,
    jwksUri: undefined,
    fetchJson,
    clock,
    log,
    changed: () => undefined,
  })
  const terms = {
    issuer,
    aliases: [],
    logoutClients: [clientId],
    clockSkewSeconds: CLOCK_SKEW_SECONDS,
  }
  return {
    begin: () => judged(() => begin(options)),
    finish: (parameters, kept) => judged(() => finish(options, parameters, kept)),
    verifyLogout: async (token) => {
      await keys.refresh()
      return verifyLogoutToken(token, terms, keys.find, clock.nowMs())
    },
  }
}

async function begin(options: RelyingPartyOptions): Promise<SignOnBegun> {
  const { authorization_endpoint: endpoint } = await discover(options, callOptions(options))
  if (endpoint === undefined) throw new TypeError('its metadata names no authorization endpoint')
  const kept = {
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    verifier: oauth.generateRandomCodeVerifier(),
  }
  const url = new URL(endpoint)
  if (url.protocol !== 'https:' && url.origin !== new URL(options.issuer).origin) {
    throw new TypeError('its authorization endpoint is not an https URL')
  }
  for (const [name, value] of Object.entries({
    response_type: 'code',
    client_id: options.clientId,
    redirect_uri: options.redirectUri,
    scope: [...new Set(['openid', ...options.scopes])].join(' '),
    state: kept.state,
    nonce: kept.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(kept.verifier),
    code_challenge_method: 'S256',
  })) {
    url.searchParams.set(name, value)
  }
  return { kind: 'begun', url: url.href, kept }
}

async function finish(
  options: RelyingPartyOptions,
  parameters: URLSearchParams,
  { state, nonce, verifier }: SignOnSecrets,
): Promise<SignOnDone> {
  const http = callOptions(options)
  const as = await discover(options, http)
  const client = { client_id: options.clientId }
  // `state`, and `iss` of RFC 9207 where it is there or the provider says that it always is.
  const good = oauth.validateAuthResponse(as, client, parameters, state)
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    clientAuthentication(as, options.clientSecret),
    good,
    options.redirectUri,
    verifier,
    http,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  })
  await oauth.validateApplicationLevelSignature(as, response, http)
  const idToken = oauth.getValidatedIdTokenClaims(tokens)
  if (idToken === undefined) throw new TypeError('there is no ID token')
  const wanted = ['email', options.groupsClaim ?? 'email']
  if (as.userinfo_endpoint === undefined || wanted.every((name) => name in idToken)) {
    return { kind: 'done', login: loginOf(options, idToken, {}) }
  }
  const answer = await oauth.userInfoRequest(as, client, tokens.access_token, http)
  const userinfo = await oauth.processUserInfoResponse(as, client, idToken.sub, answer)
  return { kind: 'done', login: loginOf(options, idToken, userinfo) }
}

type Claims = Readonly<Record<string, unknown>>

/** What the ID token says counts; of what it does not say, the userinfo endpoint. */
function loginOf(
  { issuer, groupsClaim }: RelyingPartyOptions,
  idToken: oauth.IDToken,
  userinfo: Claims,
): OperatorLogin {
  const groups = groupsClaim === undefined ? [] : (idToken[groupsClaim] ?? userinfo[groupsClaim])
  const { sid } = idToken
  return {
    issuer,
    subject: idToken.sub,
    email: verifiedEmail('email' in idToken ? idToken : userinfo),
    session: typeof sid === 'string' && sid !== '' ? sid : undefined,
    issuedAtSeconds: idToken.iat,
    groups: namesIn(groups),
  }
}

/** Both claims of one document, and the very value `true`. */
function verifiedEmail({ email, email_verified: isVerified }: Claims): string | undefined {
  return isVerified === true && typeof email === 'string' ? email.toLowerCase() : undefined
}

/** A name, or a list of names alone. */
function namesIn(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.every((name) => typeof name === 'string') ? list : []
}

type CallOptions = ReturnType<typeof callOptions>

function callOptions(options: RelyingPartyOptions) {
  return {
    [oauth.customFetch]: providerFetch(options),
    // `providerFetch` itself refuses http, except to the provider's own origin. The library marks
    // this option as deprecated only so that it stands out.
    // oxlint-disable-next-line typescript/no-deprecated
    [oauth.allowInsecureRequests]: true,
    signal: AbortSignal.timeout(options.withinMs),
  } as const
}

async function discover(
  { issuer }: RelyingPartyOptions,
  http: CallOptions,
): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer)
  const response = await oauth.discoveryRequest(url, { algorithm: 'oidc', ...http })
  const as = await oauth.processDiscoveryResponse(url, response)
  // To the character: what it signs is compared with this, and operators are kept by it.
  if (as.issuer !== issuer) throw new TypeError('its metadata names another issuer')
  return as
}

function clientAuthentication(as: oauth.AuthorizationServer, secret: string): oauth.ClientAuth {
  const methods = as.token_endpoint_auth_methods_supported
  return methods === undefined || methods.includes('client_secret_basic')
    ? oauth.ClientSecretBasic(secret)
    : oauth.ClientSecretPost(secret)
}

async function judged<T>(step: () => Promise<T>): Promise<T | SignOnFailure> {
  try {
    return await step()
  } catch (error) {
    return failureOf(error)
  }
}

/** Messages of the library say which member is not good, and never what it holds. */
function failureOf(error: unknown): SignOnFailure {
  if (error instanceof Unreachable) return { kind: 'unreachable', reason: error.message }
  if (error instanceof oauth.AuthorizationResponseError) {
    const { error: code } = error
    return { kind: 'refused', reason: /^[a-z_]{1,64}$/.test(code) ? code : 'an unknown error' }
  }
  if (error instanceof oauth.ResponseBodyError) {
    const { error: code } = error
    const reason = /^[a-z_]{1,64}$/.test(code) ? code : 'an unknown error'
    return { kind: 'invalid', reason: `it answered ${reason}` }
  }
  if (error instanceof Error) return { kind: 'invalid', reason: error.message }
  throw error
}
