/** The calls of a device that is logged in, its logout among them. */
import { authorize, readAuthorizationToken } from './authorize.ts'
import { authenticationExample, FORM, type Call } from './call.ts'
import { logout } from './logout.ts'
import { issueMediaToken } from './media.ts'
import { readMetadata } from './metadata.ts'
import { deviceParameters, fieldsOf } from './operations.ts'
import { preauthorize, preauthorizeByCode } from './preauthorize.ts'
import { exchangePlatformProfile, readAuthentication } from './tokens.ts'

const withResource = [...deviceParameters, 'resource']

const authorization = {
  requestor: 'REF30',
  mvpd: 'DemoMVPD',
  resource: 'TestStream1',
  expires: '1795295528539',
}
const decisions = { resources: [{ id: 'TestStream1', authorized: true }] }
const media = {
  resource: 'TestStream1',
  requestor: 'REF30',
  expires: '1795209548000',
  serializedToken: 'ZXlKaGJHY2lPaUpGVXpJMU5pSjku…',
  userId: 'viewer',
  mvpdId: 'DemoMVPD',
}

export const tokenCalls: readonly Call[] = [
  {
    method: 'GET',
    path: '/api/v1/tokens/authn',
    extensions: true,
    handle: readAuthentication,
    summary: 'Read the AuthN token of a device',
    query: deviceParameters,
    responses: { 200: 'The AuthN token', 404: 'There is none', 410: 'It has expired' },
    examples: { 200: authenticationExample },
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
    changes: true,
    summary: 'Get an authorization for a resource',
    query: [...withResource, 'generic_data'],
    responses: { 200: 'The AuthZ token', 403: 'The provider says no, or nobody is logged in' },
    examples: { 200: authorization },
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
    examples: { 200: authorization },
  },
  ...['/api/v1/tokens/media', '/api/v1/mediatoken'].map((path): Call => ({
    method: 'GET',
    path,
    extensions: true,
    handle: issueMediaToken,
    changes: true,
    summary: 'Get a media token for what was authorized',
    query: withResource,
    responses: { 200: 'The media token', 403: 'It was not authorized, or nobody is logged in' },
    examples: { 200: media },
  })),
  {
    method: 'GET',
    path: '/api/v1/preauthorize',
    extensions: true,
    handle: preauthorize,
    summary: 'Ask which of some resources the viewer may watch',
    query: withResource,
    responses: { 200: 'Decisions', 400: 'Too many resources', 412: 'Nobody is logged in' },
    examples: { 200: decisions },
  },
  {
    method: 'GET',
    path: '/api/v1/preauthorize/:code',
    handle: preauthorizeByCode,
    summary: 'The same for a second screen',
    query: ['requestor', 'resource', 'format'],
    responses: { 200: 'Decisions', 400: 'Too many resources', 412: 'Nobody is logged in' },
    examples: { 200: decisions },
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
    receipt: true,
    responses: {
      204: 'Nobody is logged in on the device any more',
      400: 'The device id is missing, or there is no such requestor',
    },
  },
]
