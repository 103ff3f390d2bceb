import type { ToldRequest } from '../../http/node-view.ts'
import type { Clock } from '../../ports/clock.ts'
import { issuersPath } from '../../protocol/issuers.ts'
import { reasonOf } from '../reason-of.ts'
import { DEMO_PROVIDER } from './identity.ts'
import { TOKEN_LIFE_SECONDS, type ProviderTokens } from './tokens.ts'

export interface ProviderAnswer {
  readonly status: number
  readonly body: object
}

export type Endpoint = (form: URLSearchParams) => ProviderAnswer | Promise<ProviderAnswer>

export interface ProviderParts {
  readonly issuer: string
  readonly tokens: ProviderTokens
  readonly clock: Clock
  /** Where Outright is; undefined while it is starting. */
  readonly node: () => string | undefined
}

/** What it answers, by method and path. */
export function endpointsOf(parts: ProviderParts): ReadonlyMap<string, Endpoint> {
  const { issuer, tokens } = parts
  const metadata = {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    token_endpoint: `${issuer}/token`,
    end_session_endpoint: `${issuer}/logout`,
    grant_types_supported: ['password'],
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  }
  return new Map<string, Endpoint>([
    ['GET /.well-known/openid-configuration', () => ({ status: 200, body: metadata })],
    ['GET /jwks', () => ({ status: 200, body: tokens.keySet })],
    ['POST /token', (form) => logIn(form, tokens)],
    ['POST /logout', (form) => logOut(form, parts)],
  ])
}

/** A token request with a password (RFC 6749, section 4.3): each opens a session of its own. */
async function logIn(form: URLSearchParams, tokens: ProviderTokens): Promise<ProviderAnswer> {
  const { person, clientId } = DEMO_PROVIDER
  if (form.get('grant_type') !== 'password') return refused(400, 'unsupported_grant_type')
  if (form.get('client_id') !== clientId) return refused(401, 'invalid_client')
  if (form.get('username') !== person.username || form.get('password') !== person.password) {
    return refused(400, 'invalid_grant')
  }
  const login = { sub: person.username, sid: crypto.randomUUID() }
  return {
    status: 200,
    body: {
      access_token: await tokens.accessToken(login),
      id_token: await tokens.idToken(login),
      token_type: 'Bearer',
      expires_in: TOKEN_LIFE_SECONDS,
    },
  }
}

/**
 * The logout that an application asks for (OpenID Connect RP-Initiated Logout 1.0): a form with
 * `id_token_hint`. Answers when Outright has answered, and says what both said to each other.
 */
async function logOut(
  form: URLSearchParams,
  { tokens, clock, node }: ProviderParts,
): Promise<ProviderAnswer> {
  const login = await tokens.loginOf(form.get('id_token_hint') ?? '')
  if (login === undefined) return refused(400, 'invalid_request')
  const outright = node()
  if (outright === undefined) return refused(503, 'temporarily_unavailable')
  const url = `${outright}${issuersPath}/${DEMO_PROVIDER.name}/backchannel-logout`
  const told = await tell(url, await tokens.logoutToken(login), clock)
  if (told.status !== 200) return { status: 502, body: { error: 'server_error', told } }
  return { status: 200, body: { ended: login.sid, told } }
}

const TELL_TIMEOUT_MS = 9000

/** OpenID Connect Back-Channel Logout 1.0, section 2.5. */
async function tell(url: string, logoutToken: string, clock: Clock): Promise<ToldRequest> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const ask = { method: 'POST', url, headers, body: `logout_token=${logoutToken}` }
  const sentMs = clock.monotonicMs()
  const tookMs = (): number => clock.monotonicMs() - sentMs
  try {
    const response = await fetch(url, { ...ask, signal: AbortSignal.timeout(TELL_TIMEOUT_MS) })
    const { status } = response
    const received = Object.fromEntries(response.headers)
    return { ask, status, headers: received, text: await response.text(), tookMs: tookMs() }
  } catch (error) {
    return { ask, status: 0, headers: {}, text: reasonOf(error), tookMs: tookMs() }
  }
}

function refused(status: number, error: string): ProviderAnswer {
  return { status, body: { error } }
}
