/** Octopus's bodies: types, and the schemas that check and document them. */
import type { ResponseForm } from '../../responses.ts'
import {
  answer,
  anyText,
  constant,
  count,
  instant,
  lenient,
  text,
  type Schema,
} from '../../schema.ts'

/** Characters of a key, a secret or a refresh token. */
const MAX_TEXT = 1024

export interface LoginBody {
  /** The API key. */
  readonly username: string
  /** The API secret. */
  readonly password: string
}

export const loginBody: Schema<LoginBody> = lenient<LoginBody>({
  username: text(MAX_TEXT),
  password: text(MAX_TEXT),
})

export interface RefreshBody {
  readonly refresh_token: string
}

export const refreshBody: Schema<RefreshBody> = lenient<RefreshBody>({
  refresh_token: text(MAX_TEXT),
})

/** What everything under `/auth` is wrapped in. */
export interface Success<Data> {
  readonly success: true
  readonly data: Data
}

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly access_expires_at: string
  readonly refresh_expires_at: string
  readonly client_id: number
}

export const tokensBody: Schema<Success<Tokens>> = answer<Success<Tokens>>({
  success: constant(true),
  data: answer<Tokens>({
    access_token: anyText(),
    refresh_token: anyText(),
    access_expires_at: instant,
    refresh_expires_at: instant,
    client_id: count(),
  }),
})

export const tokensExample: Success<Tokens> = {
  success: true,
  data: {
    access_token: 'eyJhbGciOiJFUzI1NiJ9…',
    refresh_token: 'AZqDV0r2c3Sx…',
    access_expires_at: '2025-01-15T13:00:00Z',
    refresh_expires_at: '2025-01-22T12:00:00Z',
    client_id: 42,
  },
}

export interface Message {
  readonly message: string
}

export const messageBody: Schema<Success<Message>> = answer<Success<Message>>({
  success: constant(true),
  data: answer<Message>({ message: anyText() }),
})

export interface ErrorBody {
  readonly error: { readonly name: string; readonly code: string; readonly message: string }
}

const errorBody: Schema<ErrorBody> = answer<ErrorBody>({
  error: answer<ErrorBody['error']>({ name: anyText(), code: anyText(), message: anyText() }),
})

function error(
  description: string,
  name: string,
  code: string,
  message: string,
): ResponseForm<ErrorBody> {
  return { description, schema: errorBody, example: { error: { name, code, message } } }
}

/** Several documented bodies behind one status. */
export function unauthorized(...messages: readonly string[]): ResponseForm<ErrorBody> {
  const examples = Object.fromEntries(
    messages.map((message) => [
      message,
      { value: { error: { name: 'UnauthorizedError', code: 'UNAUTHORIZED', message } } },
    ]),
  )
  return { description: 'Not authorized; clients switch on `code`', schema: errorBody, examples }
}

export function validation(message: string): ResponseForm<ErrorBody> {
  return error('Something is missing', 'ValidationException', 'VALIDATION_FAILURE', message)
}

type Errors = Readonly<Record<403 | 429 | 500 | 503 | 'default', ResponseForm<ErrorBody>>>

export const commonErrors: Errors = {
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
  default: { description: 'Any other refusal', schema: errorBody },
}

export const protectedErrors: Errors & Readonly<Record<401, ResponseForm<ErrorBody>>> = {
  401: unauthorized('Authorization header required', 'Invalid token', 'Token expired'),
  ...commonErrors,
}
