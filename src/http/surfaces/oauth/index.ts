/**
 * OAuth 2 and OpenID Connect: people log in here once, and any number of clients are let into that
 * login. It owns the endpoints, the pages and the forms on the wire. A login is a session like any
 * other: the browser is its first participant, each client joins it, and what ends the session ends
 * all of them. What a token is and how an end is stored belong to the core.
 */
import type { Failure } from '../../../domain/failure.ts'
import type { SurfaceContext } from '../../context.ts'
import { routesWith } from '../../declared-route.ts'
import { DEMO_PERSON } from '../../demo-people.ts'
import type { Answer, Surface, SurfaceRequest, Route } from '../../surface.ts'
import { oauthError, oauthFailure, refuseForm } from '../../oauth-error.ts'
import { scriptRoute } from '../../page-script.ts'
import { passkeyScript } from '../../passkey-script.ts'
import { problems } from '../../problem.ts'
import { answer, anything, anyText, choice, count, optional, type Schema } from '../../schema.ts'
import { OAUTH } from '../../oauth-client.ts'
import { defineOwn, type OwnModule } from '../../surface-module.ts'
import { pushPath, tokenPath } from '../../token-endpoints.ts'
import { authorize } from './authorize.ts'
import { checkSessionRoutes } from './check-session.ts'
import type { CallError } from './client-call.ts'
import { demo } from './demo.ts'
import {
  authorizeDevice,
  deviceAuthorizationPath,
  devicePath,
  type DeviceAnswer,
} from './device.ts'
import {
  deviceConfirmPath,
  showDevice,
  showDeviceConsent,
  submitDevice,
  submitDeviceConsent,
} from './device-page.ts'
import { changesHandler } from './devices/changes.ts'
import { showDevices, submitDevices } from './devices/index.ts'
import { devicesPath, devicesScriptPath } from './devices/page.ts'
import { consentPath, loginPath, passkeyLoginPath } from './interaction.ts'
import { showConsent, showLogin, submitConsent, submitLogin } from './login.ts'
import { leadOnPath, loggedOutPath, showLeadOn, showLoggedOut } from './logged-out.ts'
import { logout } from './logout.ts'
import { authorizePath, logoutPath, metadata, userinfoPath } from './metadata.ts'
import { oauthSchema, type OAuthSettings } from './options.ts'
import { noticePage } from './pages.ts'
import { askToLogIn, askToRegister, changePasskeys, showPasskeys } from './passkeys/index.ts'
import { newPasskeyPath, passkeyScriptPath, passkeysPath } from './passkeys/page.ts'
import { pushRequest, type PushAnswer } from './pushed.ts'
import { nonceHeaders } from './dpop.ts'
import { createService, type OAuthService } from './service.ts'
import { exchange } from './token.ts'
import type { TokenAnswer } from './token-answer.ts'
import { userinfo, userinfoFailure, type Userinfo } from './userinfo.ts'
import { wordsFor } from './words.ts'

export const oauth: OwnModule<OAuthSettings> = defineOwn({
  name: 'oauth',
  clientDialects: [{ name: OAUTH, title: 'OAuth' }],
  title: 'OAuth 2 and OpenID Connect',
  options: oauthSchema,
  demo,
  page: {
    path: devicesPath,
    name: 'Your devices',
    what: 'Where you are logged in, and how to end it',
    demoLogin: DEMO_PERSON,
  },
  longestTokenMs: ({ oauth: { accessLifetimeMs } }) => accessLifetimeMs,
  create: createOAuth,
})

function createOAuth(context: SurfaceContext, settings: OAuthSettings): Surface {
  const service = createService(context, settings.oauth)
  const frame = service.options.sessionManagement ? checkSessionRoutes(service) : []
  const [pages, programs] = [[...pageRoutes(service), ...frame], machineRoutes(service)]
  const paths = new Set([...pages, ...programs].map(({ path }) => path))
  const machinePaths = new Set(programs.map(({ path }) => path))
  return {
    routes: [...pages, ...programs],
    // Never with cookies, so not what people see.
    cors: {
      origins: service.options.origins,
      paths: machinePaths,
      requestHeaders: ['dpop'],
      exposedHeaders: ['DPoP-Nonce'],
    },
    owns: (path) => path.startsWith(`${loginPath}/`) || paths.has(path),
    renderFailure(failure, request) {
      if (request.path === userinfoPath) return userinfoFailure(failure, request)
      return machinePaths.has(request.path) ? oauthFailure(failure) : pageFailure(failure, request)
    },
  }
}

const declare = routesWith({ refuse: refuseForm })

const pageResponse = { description: 'A page', type: 'text/html' } as const
const redirect = { description: 'To a page, or back to the client' } as const

/** Pages that only look: the others begin or end something. */
const looks: ReadonlySet<string> = new Set([
  loginPath,
  consentPath,
  loggedOutPath,
  devicePath,
  deviceConfirmPath,
  devicesPath,
  passkeysPath,
])

/** What people see. Their forms need no script. */
function pageRoutes(service: OAuthService): readonly Route[] {
  const page = (
    method: 'GET' | 'POST',
    path: string,
    summary: string,
    handle: (service: OAuthService, request: SurfaceRequest) => Promise<Answer>,
  ): Route =>
    declare(
      {
        method,
        path,
        ...(method === 'GET' && looks.has(path) ? { alsoHead: true } : {}),
        operationId: `${method.toLowerCase()}_${path.slice(1).replaceAll('/', '_')}`,
        summary,
        responses: { 200: pageResponse, 303: redirect, default: pageResponse },
      },
      ({ request }) => handle(service, request),
    )
  const asks = 'A client asks for a login (RFC 6749, section 4.1.1; OpenID Connect Core 1.0)'
  return [
    page('GET', authorizePath, asks, authorize),
    page('POST', authorizePath, `${asks}, as a form`, authorize),
    page('GET', loginPath, 'The login page', showLogin),
    page('POST', loginPath, 'Name and password, or what a passkey has signed', submitLogin),
    challenge(service, passkeyLoginPath, 'A challenge to log in with', askToLogIn),
    page('GET', consentPath, 'The consent page', showConsent),
    page('POST', consentPath, 'Allow or deny', submitConsent),
    page('GET', devicePath, 'Asks for the code that a device shows (RFC 8628, 3.3)', showDevice),
    page('POST', devicePath, 'The code that a device shows', submitDevice),
    page('GET', deviceConfirmPath, 'Asks whether a device may come in', showDeviceConsent),
    page('POST', deviceConfirmPath, 'Allow or deny a device', submitDeviceConsent),
    page('GET', logoutPath, 'A client logs a person out (RP-Initiated Logout 1.0)', logout),
    page('POST', logoutPath, 'The same as a form, or the answer of the page that asks', logout),
    page('GET', loggedOutPath, 'Says that it is done', showLoggedOut),
    page('GET', devicesPath, 'Where a person is logged in, for that person', showDevices),
    page('POST', devicesPath, 'Ends one of them, or all but this', submitDevices),
    scriptRoute(devicesScriptPath, new URL('browser/devices.js', import.meta.url)),
    devicesEvents(service),
    page('GET', passkeysPath, 'A person’s passkeys, for that person', showPasskeys),
    page('POST', passkeysPath, 'Adds or removes a passkey', changePasskeys),
    challenge(service, newPasskeyPath, 'A challenge to make a passkey with', askToRegister),
    scriptRoute(passkeyScriptPath, passkeyScript),
    declare(
      {
        method: 'GET',
        path: leadOnPath,
        alsoHead: true,
        operationId: 'get_logged_out_script',
        summary: 'What leads from the page before it back to the client',
        responses: { 200: { description: 'A script', type: 'text/javascript' } },
      },
      showLeadOn,
    ),
  ]
}

/** What the script of a page asks for before it asks the browser. */
function challenge(
  service: OAuthService,
  path: string,
  summary: string,
  handle: (service: OAuthService, request: SurfaceRequest) => Promise<Answer>,
): Route {
  const options = { description: 'Options of WebAuthn', schema: anything }
  return declare(
    { method: 'POST', path, summary, responses: { 200: options, default: pageResponse } },
    ({ request }) => handle(service, request),
  )
}

function devicesEvents(service: OAuthService): Route {
  const follow = changesHandler(service)
  return declare(
    {
      method: 'GET',
      path: `${devicesPath}/events`,
      summary: 'Says when that list changes, as Server-Sent Events',
      responses: {
        200: { description: 'A stream without end', type: 'text/event-stream' },
        default: pageResponse,
      },
    },
    ({ request }) => follow(request),
  )
}

/** What programs call. */
function machineRoutes(service: OAuthService): readonly Route[] {
  const about = (method: 'GET' | 'POST'): Route =>
    declare(
      {
        method,
        path: userinfoPath,
        ...(method === 'GET' ? { alsoHead: true } : {}),
        operationId: `${method.toLowerCase()}Userinfo`,
        summary: 'Who the token is about (OpenID Connect Core 1.0, section 5.3)',
        security: [{ bearer: [] }],
        responses: { 200: userinfoResponse, default: error },
      },
      async (call) => call.json(200, await userinfo(service, call.request)),
    )
  const describe = (name: string, summary: string): Route =>
    declare(
      {
        method: 'GET',
        path: `/.well-known/${name}`,
        alsoHead: true,
        summary,
        responses: { 200: { description: 'The document', schema: anything }, default: error },
      },
      async (call) => call.json(200, await metadata(service)),
    )
  return [
    clientCall(service, tokenPath, tokenResponse, {
      summary: 'Tokens for a code, a refresh token, a device, or a client’s own credentials',
      status: 200,
      act: exchange,
    }),
    clientCall(service, pushPath, pushResponse, {
      summary: 'A client hands in an authorization request (RFC 9126)',
      status: 201,
      act: pushRequest,
    }),
    clientCall(service, deviceAuthorizationPath, deviceResponse, {
      summary: 'A device without a browser asks for a login (RFC 8628, section 3.1)',
      status: 200,
      act: authorizeDevice,
    }),
    about('GET'),
    about('POST'),
    describe('oauth-authorization-server', 'Authorization server metadata (RFC 8414)'),
    describe('openid-configuration', 'OpenID Connect Discovery 1.0'),
  ]
}

const error = { description: 'An error (RFC 6749, section 5.2)', schema: anything }

/** A form that a client sends, with which it says who it is. */
function clientCall<T extends object>(
  service: OAuthService,
  path: string,
  response: { readonly description: string; readonly schema: Schema<T> },
  call: {
    readonly summary: string
    readonly status: 200 | 201
    readonly act: (service: OAuthService, request: SurfaceRequest) => Promise<T | CallError<string>>
  },
): Route {
  const { summary, status, act } = call
  return declare(
    {
      method: 'POST',
      path,
      summary,
      security: [{ basic: [] }],
      responses: { [status]: response, 400: error, 401: error, default: error },
    },
    async ({ request }) => {
      const said = await act(service, request)
      const answered =
        'error' in said
          ? oauthError(400, said.error, said.why)
          : {
              status,
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify(said),
            }
      const nonce = await nonceHeaders(service, said)
      return { ...answered, headers: { ...answered.headers, ...nonce } }
    },
  )
}

const pushResponse = {
  description: 'What the request is called',
  schema: answer<PushAnswer>({ request_uri: anyText(), expires_in: count() }),
}

const tokenResponse = {
  description: 'Tokens',
  schema: answer<TokenAnswer>({
    access_token: anyText(),
    token_type: choice(['Bearer', 'DPoP'], {}),
    expires_in: count(),
    refresh_token: optional(anyText()),
    id_token: optional(anyText()),
    scope: optional(anyText()),
  }),
}

const deviceResponse = {
  description: 'A code to ask with, and one to show',
  schema: answer<DeviceAnswer>({
    device_code: anyText(),
    user_code: anyText(),
    verification_uri: anyText(),
    verification_uri_complete: anyText(),
    expires_in: count(),
    interval: count(),
  }),
}

const userinfoResponse = {
  description: 'Claims, by the scopes of the token',
  schema: answer<Userinfo>({
    sub: anyText(),
    name: optional(anyText()),
    preferred_username: optional(anyText()),
    email: optional(anyText()),
    phone_number: optional(anyText()),
  }),
}

/**
 * A failure for people, with the name of the parameter that is wrong for those who run the
 * application. Nothing of the request is in it.
 */
function pageFailure(failure: Failure, request: SurfaceRequest): Answer {
  const words = wordsFor(request)
  const { status } = problems[failure.kind]
  const page = (title: string, ...texts: string[]): Answer =>
    noticePage(status, words, title, ...texts)
  const isOver = failure.kind === 'not_found' || failure.kind === 'forbidden'
  if (isOver) return page(words.over, words.startAgain)
  const isLogout = request.path === logoutPath
  if (status >= 500) return page(words.failed, isLogout ? words.maybeLoggedIn : words.tryAgain)
  if (failure.kind === 'rate_limited') {
    const answered = page(words.failed, words.tooMany)
    return withHeader(answered, 'retry-after', String(failure.retryAfterSeconds))
  }
  const answered = page(words.failed, words.wrongLink, ...detailOf(failure))
  if (failure.kind !== 'method_not_allowed') return answered
  return withHeader(answered, 'allow', failure.allow.join(', '))
}

function withHeader(answered: Answer, name: string, value: string): Answer {
  return { ...answered, headers: { ...answered.headers, [name]: value } }
}

function detailOf(failure: Failure): readonly string[] {
  if (failure.kind === 'missing_parameter') return [`${failure.parameter} is missing`]
  return failure.kind === 'invalid_parameter' ? [`${failure.parameter}: ${failure.reason}`] : []
}
