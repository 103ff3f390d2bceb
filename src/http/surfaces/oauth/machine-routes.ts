/** The routes that programs call. */
import { routesWith } from '../../declared-route.ts'
import { oauthError, refuseForm } from '../../oauth-error.ts'
import { answer, anything, anyText, choice, count, optional, type Schema } from '../../schema.ts'
import type { Route, SurfaceRequest } from '../../surface.ts'
import { pushPath, tokenPath } from '../../token-endpoints.ts'
import type { CallError } from './client-call.ts'
import { authorizeDevice, deviceAuthorizationPath, type DeviceAnswer } from './device.ts'
import { nonceHeaders } from './dpop.ts'
import { metadata, userinfoPath } from './metadata.ts'
import { pushRequest, type PushAnswer } from './pushed.ts'
import type { OAuthService } from './service.ts'
import { exchange } from './token.ts'
import type { TokenAnswer } from './token-answer.ts'
import { userinfo, type Userinfo } from './userinfo.ts'

export function machineRoutes(service: OAuthService): readonly Route[] {
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

const declare = routesWith({ refuse: refuseForm })

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
