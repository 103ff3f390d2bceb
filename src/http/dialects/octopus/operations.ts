/** Octopus's calls as OpenAPI 3.1 operations. */

type Operation = Readonly<Record<string, unknown>>

const text = { type: 'string' }
const timestamp = { type: 'string', format: 'date-time' }

const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['name', 'code', 'message'],
      properties: { name: text, code: text, message: text },
    },
  },
}

const tokensSchema = {
  type: 'object',
  required: ['success', 'data'],
  properties: {
    success: { const: true },
    data: {
      type: 'object',
      required: [
        'access_token',
        'refresh_token',
        'access_expires_at',
        'refresh_expires_at',
        'client_id',
      ],
      properties: {
        access_token: text,
        refresh_token: text,
        access_expires_at: timestamp,
        refresh_expires_at: timestamp,
        client_id: { type: 'integer' },
      },
    },
  },
}

const tokensExample = {
  success: true,
  data: {
    access_token: 'eyJhbGciOiJFUzI1NiJ9…',
    refresh_token: 'AZqDV0r2c3Sx…',
    access_expires_at: '2025-01-15T13:00:00Z',
    refresh_expires_at: '2025-01-22T12:00:00Z',
    client_id: 42,
  },
}

function json(description: string, schema: object, example: unknown): Operation {
  return { description, content: { 'application/json': { schema, example } } }
}

function error(description: string, name: string, code: string, message: string): Operation {
  return json(description, errorSchema, { error: { name, code, message } })
}

/** Several documented bodies behind one status. */
function unauthorized(...messages: readonly string[]): Operation {
  const examples = Object.fromEntries(
    messages.map((message) => [
      message,
      { value: { error: { name: 'UnauthorizedError', code: 'UNAUTHORIZED', message } } },
    ]),
  )
  return {
    description: 'Not authorized; clients switch on `code`',
    content: { 'application/json': { schema: errorSchema, examples } },
  }
}

function validation(message: string): Operation {
  return error('Something is missing', 'ValidationException', 'VALIDATION_FAILURE', message)
}

const commonErrors = {
  403: error(
    'The address is not in the allowlist of the client',
    'ForbiddenError',
    'FORBIDDEN',
    'IP address not authorized',
  ),
  429: {
    ...error(
      'Over the quota of the client',
      'TooManyRequestsError',
      'TOO_MANY_REQUESTS',
      'Rate limit exceeded. Retry after 12 seconds.',
    ),
    headers: {
      'Retry-After': { description: 'Seconds; as in the message', schema: { type: 'integer' } },
    },
  },
  500: error(
    'Something went wrong',
    'InternalServerError',
    'INTERNAL_SERVER_ERROR',
    'Internal server error',
  ),
  503: error(
    'Nothing was stored, or this node is not current; try again',
    'ServiceUnavailableError',
    'SERVICE_UNAVAILABLE',
    'Service temporarily unavailable',
  ),
}

const bearer = [{ bearer: [] }]
const protectedErrors = {
  401: unauthorized('Authorization header required', 'Invalid token', 'Token expired'),
  ...commonErrors,
}

function body(example: Readonly<Record<string, string>>): Operation {
  const required = Object.keys(example)
  const properties = Object.fromEntries(required.map((name) => [name, text]))
  const schema = { type: 'object', required, properties }
  return { required: true, content: { 'application/json': { schema, example } } }
}

export const loginOperation: Operation = {
  summary: 'Log in with an API key and its secret',
  description:
    'Opens a session. The access token lives for one hour, the refresh token seven days.',
  security: [],
  requestBody: body({ username: 'octopus-demo-key', password: 'octopus-demo-secret' }),
  responses: {
    200: json('The session is open', tokensSchema, tokensExample),
    400: validation('Username and password are required'),
    401: unauthorized('Invalid credentials'),
    ...commonErrors,
  },
}

export const refreshOperation: Operation = {
  summary: 'Exchange a refresh token for a new pair',
  description: 'The refresh token is used up at once; presenting it again is refused.',
  security: [],
  requestBody: body({ refresh_token: 'AZqDV0r2c3Sx…' }),
  responses: {
    200: json('The new pair', tokensSchema, tokensExample),
    400: validation('Refresh token is required'),
    401: unauthorized('Invalid token', 'Token expired'),
    ...commonErrors,
  },
}

export const logoutOperation: Operation = {
  summary: 'Log out: end every token of the client',
  description:
    'Ends all access and refresh tokens of the client, not just the one presented, before it ' +
    'answers. `Prefer: respond-async` answers as soon as the logout is stored.',
  security: bearer,
  responses: {
    200: json(
      'Logged out',
      {
        type: 'object',
        required: ['success', 'data'],
        properties: {
          success: { const: true },
          data: { type: 'object', required: ['message'], properties: { message: text } },
        },
      },
      { success: true, data: { message: 'Successfully logged out' } },
    ),
    ...protectedErrors,
  },
}

export const walletsOperation: Operation = {
  summary: 'A protected resource: is the token alive?',
  description: 'The wallets of the client. This server keeps none, so the list is empty.',
  security: bearer,
  responses: {
    200: json('The wallets', { type: 'array', items: { type: 'object' } }, []),
    ...protectedErrors,
  },
}
