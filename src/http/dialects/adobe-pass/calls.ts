/** The calls of the API: where each is, who answers it, and what its answers mean. */
import type { Answer, DialectRequest, Method } from '../../dialect.ts'
import { authenticate } from './authenticate.ts'
import { authorize, readAuthorizationToken } from './authorize.ts'
import { checkCode, checkDevice } from './check-authentication.ts'
import { readConfig } from './config.ts'
import { startFreePreview } from './free-preview.ts'
import { issueAccessToken } from './access-token.ts'
import { CALLBACK_PATH, finishLogin } from './login.ts'
import { logout } from './logout.ts'
import { issueMediaToken } from './media.ts'
import { readMetadata } from './metadata.ts'
import { deviceParameters, fieldsOf, type OperationParts } from './operations.ts'
import type { Pass } from './pass.ts'
import { preauthorize, preauthorizeByCode } from './preauthorize.ts'
import { register } from './registration.ts'
import {
  createRegistrationCode,
  deleteRegistrationCode,
  readRegistrationCode,
} from './registration-code.ts'
import { exchangePlatformProfile, readAuthentication, readAuthenticationByCode } from './tokens.ts'

export interface Call extends OperationParts {
  readonly method: Method
  readonly path: string
  /** True where the path also ends in `.xml` and `.json`; a path parameter at its end reads its own. */
  readonly extensions?: boolean
  readonly handle: (pass: Pass, request: DialectRequest) => Promise<Answer>
}

const FORM = 'application/x-www-form-urlencoded'
const [, ...withoutRequestor] = deviceParameters
const withResource = [...deviceParameters, 'resource']

const registrationCalls: readonly Call[] = [
  {
    method: 'POST',
    path: '/o/client/register',
    handle: register,
    summary: 'Register an application by its software statement',
    body: { 'application/json': fieldsOf(['software_statement'], ['redirect_uri']) },
    responses: { 201: 'Client id and secret', 400: '`error` says what is wrong' },
  },
  {
    method: 'POST',
    path: '/o/client/token',
    handle: issueAccessToken,
    summary: 'Get an access token by client credentials',
    body: { [FORM]: fieldsOf(['client_id', 'client_secret', 'grant_type'], []) },
    responses: { 201: 'The access token', 400: '`error` says what is wrong' },
  },
  {
    method: 'POST',
    path: '/reggie/v1/:requestor/regcode',
    extensions: true,
    handle: createRegistrationCode,
    summary: 'Get a registration code for a device',
    query: [...withoutRequestor, 'mvpd', 'ttl'],
    responses: { 201: 'The record of the code', 400: 'A parameter is missing or not valid' },
  },
  {
    method: 'GET',
    path: '/reggie/v1/:requestor/regcode/:code',
    handle: readRegistrationCode,
    summary: 'Read the record of a registration code',
    query: ['format'],
    responses: { 200: 'The record, with the hashed device id', 404: 'There is no such code' },
  },
  {
    method: 'DELETE',
    path: '/reggie/v1/:requestor/regcode/:code',
    handle: deleteRegistrationCode,
    summary: 'Release a registration code',
    responses: { 204: 'The code may be given out again', 404: 'There is no such code' },
  },
]

const loginCalls: readonly Call[] = [
  {
    method: 'GET',
    path: '/api/v1/config/:requestor',
    handle: readConfig,
    summary: 'List the TV providers of a requestor',
    query: ['deviceType', 'format'],
    responses: { 200: 'The providers', 400: 'There is no such requestor' },
  },
  {
    method: 'GET',
    path: '/api/v1/authenticate',
    handle: authenticate,
    summary: 'Send a second screen to its provider’s login page',
    query:
      'reg_code requestor_id mso_id domain_name noflash no_iframe generic_data redirect_url'.split(
        ' ',
      ),
    responses: { 302: 'To the login page', 400: 'Code, provider or address is not valid' },
  },
  {
    method: 'GET',
    path: CALLBACK_PATH,
    handle: finishLogin,
    summary: 'Come back from the provider',
    query: ['state', 'assertion'],
    responses: { 200: 'A page', 302: 'To redirect_url', 400: 'A page that says what happened' },
  },
  {
    method: 'GET',
    path: '/api/v1/authenticate/:code',
    handle: readAuthenticationByCode,
    summary: 'Read the AuthN token that a registration code brought',
    query: ['requestor', 'format'],
    responses: { 200: 'The AuthN token', 404: 'There is none yet' },
  },
  ...(['POST', 'GET'] as const).map((method): Call => ({
    method,
    path: '/api/v1/authenticate/freepreview',
    extensions: true,
    handle: startFreePreview,
    summary: 'Start a Temp Pass without a second screen',
    query: [...withoutRequestor, 'requestor_id', 'mso_id', 'domain_name', 'generic_data'],
    responses: { 204: 'The AuthN token is there', 400: 'No Temp Pass, or it is used up' },
  })),
  {
    method: 'GET',
    path: '/api/v1/checkauthn',
    extensions: true,
    handle: checkDevice,
    summary: 'Ask whether a device is logged in',
    query: deviceParameters,
    responses: { 200: 'It is', 403: 'It is not' },
  },
  {
    method: 'GET',
    path: '/api/v1/checkauthn/:code',
    handle: checkCode,
    summary: 'Ask whether a second screen’s login has arrived',
    query: ['requestor', 'format'],
    responses: { 200: 'It has', 403: 'It has not' },
  },
]

const tokenCalls: readonly Call[] = [
  {
    method: 'GET',
    path: '/api/v1/tokens/authn',
    extensions: true,
    handle: readAuthentication,
    summary: 'Read the AuthN token of a device',
    query: deviceParameters,
    responses: { 200: 'The AuthN token', 404: 'There is none', 410: 'It has expired' },
  },
  {
    method: 'POST',
    path: '/api/v1/tokens/authn',
    extensions: true,
    handle: exchangePlatformProfile,
    summary: 'Exchange a platform’s profile for an AuthN token',
    query: deviceParameters,
    body: { [FORM]: fieldsOf(['mvpd', 'SAMLResponse'], []) },
    responses: { 204: 'The AuthN token is there', 400: 'No such agreement with that provider' },
  },
  {
    method: 'GET',
    path: '/api/v1/authorize',
    extensions: true,
    handle: authorize,
    summary: 'Get an authorization for a resource',
    query: [...withResource, 'generic_data'],
    responses: { 200: 'The AuthZ token', 403: 'The provider says no, or nobody is logged in' },
  },
  {
    method: 'GET',
    path: '/api/v1/tokens/authz',
    extensions: true,
    handle: readAuthorizationToken,
    summary: 'Read an authorization',
    query: withResource,
    responses: {
      200: 'The AuthZ token',
      404: 'There is none',
      410: 'It has expired',
      412: 'Nobody is logged in',
    },
  },
  ...['/api/v1/tokens/media', '/api/v1/mediatoken'].map((path): Call => ({
    method: 'GET',
    path,
    extensions: true,
    handle: issueMediaToken,
    summary: 'Get a media token for what was authorized',
    query: withResource,
    responses: { 200: 'The media token', 403: 'It was not authorized, or nobody is logged in' },
  })),
  {
    method: 'GET',
    path: '/api/v1/preauthorize',
    extensions: true,
    handle: preauthorize,
    summary: 'Ask which of some resources the viewer may watch',
    query: withResource,
    responses: { 200: 'Decisions', 400: 'Too many resources', 412: 'Nobody is logged in' },
  },
  {
    method: 'GET',
    path: '/api/v1/preauthorize/:code',
    handle: preauthorizeByCode,
    summary: 'The same for a second screen',
    query: ['requestor', 'resource', 'format'],
    responses: { 200: 'Decisions', 400: 'Too many resources', 412: 'Nobody is logged in' },
  },
  {
    method: 'GET',
    path: '/api/v1/tokens/usermetadata',
    extensions: true,
    handle: readMetadata,
    summary: 'Read what the provider said of the viewer',
    query: deviceParameters,
    responses: { 200: 'Metadata', 404: 'There is none', 412: 'Nobody is logged in' },
  },
  {
    method: 'DELETE',
    path: '/api/v1/logout',
    extensions: true,
    handle: logout,
    summary: 'Log a device out',
    description:
      'Ends the AuthN token of the device at the requestor, and with it its authorizations and ' +
      'outstanding media tokens, before it answers. Then the TV provider is told.',
    query: deviceParameters,
    responses: {
      204: 'Nobody is logged in on the device any more',
      400: 'The device id is missing, or there is no such requestor',
    },
  },
]

export const calls: readonly Call[] = [...registrationCalls, ...loginCalls, ...tokenCalls]
