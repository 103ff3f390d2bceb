/** DirectLink's parameters and bodies: types, and the schemas that check and document them. */
import { receiptHeaderForms } from '../../receipt-headers.ts'
import type { ResponseForm } from '../../responses.ts'
import {
  answer,
  anything,
  anyText,
  choice,
  constant,
  count,
  lenient,
  listOf,
  optional,
  text,
  type Schema,
} from '../../schema.ts'

/** Ids, names and passwords hold none (RFC 7617, section 2). */
export const CONTROL_CHARACTER: RegExp = /\p{Cc}/u
const MAX_TEXT = 2048

export interface PasswordGrant {
  readonly grant_type: 'password'
  readonly username: string
  readonly password: string
}

export const passwordGrant: Schema<PasswordGrant> = lenient<PasswordGrant>({
  grant_type: choice(['password'], {}),
  username: text(MAX_TEXT, {}, (value) =>
    CONTROL_CHARACTER.test(value) ? 'is not printable' : undefined,
  ),
  password: text(MAX_TEXT),
})

export interface ListQuery {
  readonly page?: number
}

export const listQuery: Schema<ListQuery> = lenient<ListQuery>({
  page: optional(count({ minimum: 1, maximum: 1_000_000, default: 1 })),
})

const time = '2026-11-20 17:54:10.137 -0300 -03 m=+19746.016009415'
const apiver = 'v1 (3.6.0)'

/** What every good body has around its own fields. */
interface Success {
  readonly status: 0
  readonly description: string
  readonly apiver: string
  readonly user: string
  readonly time: string
}

const success = {
  status: constant(0),
  description: anyText(),
  apiver: anyText(),
  user: anyText(),
  time: anyText(),
}

interface Session extends Success {
  readonly bearer: string
  /** In a logout with user and password alone. */
  readonly urllink?: string
}

function session(
  description: string,
  example: Pick<Session, 'description' | 'user' | 'bearer'>,
): ResponseForm<Session> {
  return {
    description,
    schema: answer<Session>({ ...success, bearer: anyText(), urllink: optional(anyText()) }),
    example: { status: 0, apiver, ...example, time },
  }
}

export const loggedIn: ResponseForm<Session> = session('The session is open', {
  description: 'handlerAuthLogin:succsessfully',
  user: 'maria',
  bearer: 'eyJhbGciOiJFUzI1NiJ9…',
})

export const loggedOut: ResponseForm<Session> = {
  ...session('Logged out', {
    description: 'handlerAuthLogout:succsessfully',
    user: '',
    bearer: '',
  }),
  headers: receiptHeaderForms,
}

interface Downloads extends Success {
  readonly files: readonly Readonly<Record<string, unknown>>[]
}

export const downloads: ResponseForm<Downloads> = {
  description: 'The credentials are good',
  schema: answer<Downloads>({ ...success, files: listOf(anything) }),
  example: {
    status: 0,
    description: 'handlerDownloadList:succsessfully',
    apiver,
    user: 'maria',
    files: [],
    time,
  },
}

interface Grant {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly scope: string
}

export const granted: ResponseForm<Grant> = {
  description: 'The bearer',
  schema: answer<Grant>({
    access_token: anyText(),
    token_type: constant('Bearer'),
    expires_in: count(),
    scope: anyText(),
  }),
  example: {
    access_token: 'eyJhbGciOiJFUzI1NiJ9…',
    token_type: 'Bearer',
    expires_in: 3600,
    scope: 'https://auth.example/directlink/v1',
  },
}

interface ErrorBody {
  readonly status: number
  readonly description: string
  readonly apiver: string
  readonly time: string
}

const errorBody: Schema<ErrorBody> = answer<ErrorBody>({
  status: count(),
  description: anyText(),
  apiver: anyText(),
  time: anyText(),
})

interface TokenError {
  readonly error: number
  readonly error_description: string
  readonly error_uri: string
}

const tokenError: Schema<TokenError> = answer<TokenError>({
  error: count(),
  error_description: anyText(),
  error_uri: anyText(),
})

type Errors<Body> = Readonly<Record<400 | 401 | 403 | 429 | 500 | 'default', ResponseForm<Body>>>

export const errors: Errors<ErrorBody> = errorsOf((status, description) => ({
  description,
  schema: errorBody,
  example: { status, description, apiver, time },
}))

export const tokenErrors: Errors<TokenError> = errorsOf((error, description) => ({
  description,
  schema: tokenError,
  example: {
    error,
    // Only here the documentation writes it in lower case.
    error_description: error === 500 ? 'Internal server error' : description,
    error_uri: 'https://auth.example/directlink/v1',
  },
}))

function errorsOf<Body>(
  write: (status: number, description: string) => ResponseForm<Body>,
): Errors<Body> {
  const { example: _none, ...other } = write(503, 'Any other refusal')
  return {
    400: write(400, 'Bad Request'),
    401: write(401, 'Unauthorized'),
    403: write(403, 'Forbidden'),
    429: write(429, 'Too Many Requests'),
    500: write(500, 'Internal Server Error'),
    default: other,
  }
}
