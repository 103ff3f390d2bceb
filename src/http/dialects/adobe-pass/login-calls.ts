/** The calls by which a viewer logs in on a second screen, and by which the TV hears of it. */
import { authenticate } from './authenticate.ts'
import { authenticationExample, withoutRequestor, type Call } from './call.ts'
import { checkCode, checkDevice } from './check-authentication.ts'
import { readConfig } from './config.ts'
import { startFreePreview } from './free-preview.ts'
import { CALLBACK_PATH, finishLogin } from './login.ts'
import { deviceParameters } from './operations.ts'
import { readAuthenticationByCode } from './tokens.ts'

export const loginCalls: readonly Call[] = [
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
    changes: true,
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
    changes: true,
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
    examples: { 200: authenticationExample },
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
