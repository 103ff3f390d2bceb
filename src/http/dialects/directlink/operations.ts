/** DirectLink's calls as OpenAPI 3.1 operations. */

type Operation = Readonly<Record<string, unknown>>

const time = '2026-11-20 17:54:10.137 -0300 -03 m=+19746.016009415'
const apiver = 'v1 (3.6.0)'

const text = { type: 'string' }
const errorSchema = {
  type: 'object',
  required: ['status', 'description', 'apiver', 'time'],
  properties: { status: { type: 'integer' }, description: text, apiver: text, time: text },
}
const tokenErrorSchema = {
  type: 'object',
  required: ['error', 'error_description', 'error_uri'],
  properties: { error: { type: 'integer' }, error_description: text, error_uri: text },
}

function json(description: string, schema: object, example: object): Operation {
  return { description, content: { 'application/json': { schema, example } } }
}

function success(description: string, fields: Readonly<Record<string, unknown>>): Operation {
  const example = { status: 0, ...fields, time }
  const properties = Object.fromEntries(
    Object.entries(example).map(([key, value]) => [
      key,
      typeof value === 'number'
        ? { type: 'integer' }
        : Array.isArray(value)
          ? { type: 'array' }
          : text,
    ]),
  )
  return json(description, { type: 'object', required: Object.keys(example), properties }, example)
}

function errors(...statuses: readonly (readonly [number, string])[]): Record<string, Operation> {
  return Object.fromEntries(
    statuses.map(([status, description]) => [
      String(status),
      json(description, errorSchema, { status, description, apiver, time }),
    ]),
  )
}

const commonErrors = errors(
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [429, 'Too Many Requests'],
  [500, 'Internal Server Error'],
)

export const tokenOperation: Operation = {
  summary: 'Get a bearer for a user name and a password',
  description:
    'Password grant in a form. Errors have a shape of their own, with a numeric `error`.',
  security: [],
  requestBody: {
    required: true,
    content: {
      'application/x-www-form-urlencoded': {
        schema: {
          type: 'object',
          required: ['grant_type', 'username', 'password'],
          properties: { grant_type: { const: 'password' }, username: text, password: text },
        },
        example: { grant_type: 'password', username: 'maria', password: 'maria-demo' },
      },
    },
  },
  responses: {
    200: json(
      'The bearer',
      {
        type: 'object',
        required: ['access_token', 'token_type', 'expires_in', 'scope'],
        properties: {
          access_token: text,
          token_type: { const: 'Bearer' },
          expires_in: { type: 'integer' },
          scope: text,
        },
      },
      {
        access_token: 'eyJhbGciOiJFUzI1NiJ9…',
        token_type: 'Bearer',
        expires_in: 3600,
        scope: 'https://auth.example/directlink/v1',
      },
    ),
    ...Object.fromEntries(
      [
        [400, 'Bad Request'] as const,
        [401, 'Unauthorized'] as const,
        [403, 'Forbidden'] as const,
        [429, 'Too Many Requests'] as const,
        [500, 'Internal server error'] as const,
      ].map(([error, error_description]) => [
        error,
        json(error_description, tokenErrorSchema, {
          error,
          error_description,
          error_uri: 'https://auth.example/directlink/v1',
        }),
      ]),
    ),
  },
}

export const loginOperation: Operation = {
  summary: 'Log in',
  description: 'Opens a session; `bearer` is its token. Documented as POST, used as GET as well.',
  security: [{ basic: [] }],
  responses: {
    200: success('The session is open', {
      description: 'handlerAuthLogin:succsessfully',
      apiver,
      user: 'maria',
      bearer: 'eyJhbGciOiJFUzI1NiJ9…',
    }),
    ...commonErrors,
  },
}

export const logoutOperation: Operation = {
  summary: 'Log out',
  description:
    'With a bearer, ends its session. With user and password, ends every session of that user; ' +
    'the body then has `urllink` before `time`. Documented as POST, used as GET as well.',
  security: [{ bearer: [] }, { basic: [] }],
  responses: {
    200: {
      ...success('Logged out', {
        description: 'handlerAuthLogout:succsessfully',
        apiver,
        user: '',
        bearer: '',
      }),
      headers: {
        'Outright-Revocation': { description: 'Id of the revocation', schema: text },
        'Outright-Confirmed': { description: 'Verifiers that confirmed, of all', schema: text },
      },
    },
    ...commonErrors,
  },
}

export const downloadListOperation: Operation = {
  summary: 'List downloads',
  description:
    'No files are kept here: the list is empty, and tells whether the credentials are good.',
  security: [{ bearer: [] }, { basic: [] }],
  parameters: [{ name: 'page', in: 'query', schema: { type: 'integer', minimum: 1, default: 1 } }],
  responses: {
    200: success('The credentials are good', {
      description: 'handlerDownloadList:succsessfully',
      apiver,
      user: 'maria',
      files: [],
    }),
    ...commonErrors,
  },
}
