/** The calls of apps and of their registration codes. */
import { issueAccessToken } from './access-token.ts'
import { FORM, withoutRequestor, type Call } from './call.ts'
import { fieldsOf } from './operations.ts'
import { register } from './registration.ts'
import {
  createRegistrationCode,
  deleteRegistrationCode,
  readRegistrationCode,
} from './registration-code.ts'

export const registrationCalls: readonly Call[] = [
  {
    method: 'POST',
    path: '/o/client/register',
    handle: register,
    summary: 'Register an application by its software statement',
    body: { 'application/json': fieldsOf(['software_statement'], ['redirect_uri']) },
    responses: { 201: 'Client id and secret', 400: '`error` says what is wrong' },
    examples: {
      201: {
        client_id: '01a1facd-6a36-746c-8805-28ecd7b61aec',
        client_secret: '…',
        redirect_uris: [],
        grant_types: ['client_credentials'],
        scopes: ['api:client:v1'],
        client_id_issued_at: 1_795_209_128,
      },
      400: { error: 'invalid_software_statement' },
    },
  },
  {
    method: 'POST',
    path: '/o/client/token',
    handle: issueAccessToken,
    summary: 'Get an access token by client credentials',
    body: { [FORM]: fieldsOf(['client_id', 'client_secret', 'grant_type'], []) },
    responses: { 201: 'The access token', 400: '`error` says what is wrong' },
    examples: {
      201: {
        id: '01a1facd-6a3c-728b-8db3-5ec0ffb608f0',
        access_token: 'eyJhbGciOiJFUzI1NiJ9…',
        created_at: 1_795_209_128_513,
        expires_in: 21_600,
        token_type: 'bearer',
      },
      400: { error: 'invalid_client' },
    },
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
