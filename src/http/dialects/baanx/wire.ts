/** What Baanx's calls have in common: how they are read and refused, and the answers of several. */
import { defined } from '../../../domain/defined.ts'
import { refuse } from '../../../domain/failure.ts'
import { routesWith, type DeclareRoute } from '../../declared-route.ts'
import type { InputProblem, Problems } from '../../input.ts'
import { problemManners } from '../../problem-response.ts'
import { receiptHeaderForms } from '../../receipt-headers.ts'
import type { ResponseForm } from '../../responses.ts'
import {
  answer,
  anyText,
  constant,
  lenient,
  listOf,
  optional,
  text,
  type Schema,
} from '../../schema.ts'
import { readFields, readForm } from './parse.ts'

export const route: DeclareRoute = routesWith({
  refuse: refuseFields,
  areParametersLenient: true,
  isBlankMissing: true,
  readParameters: (request, part) => (part === 'query' ? request.query : readForm(request)),
  readBody: readFields,
})

function refuseFields(problems: Problems): never {
  const [first] = problems
  if (first.part === 'header') {
    const isMissing = first.kind === 'missing'
    return refuse({ kind: isMissing ? 'client_key_missing' : 'client_key_invalid' })
  }
  return problemManners.refuse(first.part === 'query' ? inOrderOfQueries(problems) : problems)
}

/** Of a query all that is required must be there, before any of it is looked at. */
function inOrderOfQueries(problems: Problems): Problems {
  const [first = problems[0], ...others] = problems.toSorted(
    (one, other) => rank(one) - rank(other),
  )
  return [first, ...others]
}

function rank(problem: InputProblem): number {
  if (problem.kind !== 'out_of_range') return 0
  return ['maxLength', 'const', '~refine'].indexOf(problem.keyword)
}

const MAX_KEY_LENGTH = 256

export interface ClientHeaders {
  /** The public key of the application. */
  readonly 'x-client-key': string
  readonly 'x-us-env'?: string
}

const usEnvironment = optional(
  anyText({ description: 'Accepted and recorded; there is one environment' }),
)

export const clientHeaders: Schema<ClientHeaders> = lenient<ClientHeaders>({
  'x-client-key': text(MAX_KEY_LENGTH, {
    description: 'The public key of the application',
    example: 'baanx-demo-key',
  }),
  'x-us-env': usEnvironment,
})

/** A browser that is sent to a call has no way to set a header. */
export const browserHeaders: Schema<Partial<ClientHeaders>> = lenient<Partial<ClientHeaders>>({
  'x-client-key': optional(text(MAX_KEY_LENGTH, { description: 'Or `client_key` of the query' })),
  'x-us-env': usEnvironment,
})

export interface Message {
  readonly message: string
  /** What is wrong with fields. */
  readonly errors?: readonly string[]
}

const messageBody: Schema<Message> = answer<Message>({
  message: anyText(),
  errors: optional(listOf(anyText())),
})

export function message(description: string, words: string): ResponseForm<Message> {
  return { description, schema: messageBody, example: { message: words } }
}

interface Success {
  readonly success: true
}

export const success: ResponseForm<Success> = {
  description: 'Done',
  schema: answer<Success>({ success: constant(true) }),
  example: { success: true },
}

/** Of what ends something. */
export const ended: ResponseForm<Success> = { ...success, headers: receiptHeaderForms }

export const unauthorized: ResponseForm<Message> = message(
  'No bearer, or not one that is alive',
  'Unauthorized',
)

export const validationError: ResponseForm<Message> = {
  description: 'A field is missing or of the wrong form',
  schema: messageBody,
  example: { message: 'Validation Error', errors: ['email is required'] },
}

export const tooMany: ResponseForm<Message> = {
  ...message('Too many calls', 'Too many requests, please try again later.'),
  headers: { 'Retry-After': { description: 'Seconds', schema: { type: 'integer' } } },
}

interface OauthError {
  readonly error: string
  readonly error_description?: string
}

export function oauthError(error: string, error_description?: string): ResponseForm<OauthError> {
  return {
    description: 'The request is refused (RFC 6749, section 5.2)',
    schema: answer<OauthError>({ error: anyText(), error_description: optional(anyText()) }),
    example: { error, ...defined({ error_description }) },
  }
}

/** Answers that every call of an application can have. */
export const errors: Readonly<Record<498 | 499 | 500 | 503 | 'default', ResponseForm<Message>>> = {
  498: message('No application has this client key', 'Invalid Token'),
  499: message('No client key', 'Token Required'),
  500: message('Something went wrong', 'Internal Server Error'),
  503: message('Nothing was stored, or this node is not current', 'Service Unavailable'),
  default: { description: 'Any other refusal', schema: messageBody },
}
