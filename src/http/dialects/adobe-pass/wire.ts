/**
 * What the calls have in common: how they are declared, their parameters, and the answers of
 * several.
 */
import { defined } from '../../../domain/defined.ts'
import type { OptionalSetting } from '../../../settings/schema.ts'
import { routesWith, type Call, type DeclareRoute } from '../../declared-route.ts'
import { problemManners } from '../../problem-response.ts'
import type { AnyResponse, ResponseForm, Responses } from '../../responses.ts'
import {
  answer,
  anyText,
  count,
  either,
  fields,
  optional,
  orNull,
  repeatable,
  text,
  type Schema,
} from '../../schema.ts'
import { readParameters } from './parse.ts'

export const JSON_TYPE = 'application/json;charset=UTF-8'

const route = routesWith({
  ...problemManners,
  areParametersLenient: true,
  readParameters,
  jsonType: JSON_TYPE,
})

/** The caller proves its identity with an access token, where that is required. */
export const security: readonly Readonly<Record<string, readonly string[]>>[] = [{}, { bearer: [] }]

/** Declares a call of the API; the answers that every call can have are added. */
export const passRoute: DeclareRoute = (form, handle) =>
  route({ security, ...form, responses: { ...errors, ...form.responses } }, handle)

export type PassCall<Q> = Pick<Call<Q, undefined, Responses>, 'request' | 'query'>

const requestorText = 'The programmer for which the call is valid'
export const requestor: OptionalSetting<string> = optional(
  text(128, { description: requestorText }),
)
export const format: OptionalSetting<string> = optional(
  repeatable({
    description: '`xml` or `json`; the extension of the path goes before it, `Accept` after it',
  }),
)
export const mvpd: Schema<string> = text(64, { description: 'The TV provider' })
/** A resource may be a fragment of MRSS, a small XML document. */
export const resource: Schema<string> = text(8192, {
  description: 'A resource id, or a fragment of MRSS',
})
const code = anyText({ description: 'The registration code' })

export const codePath: Schema<{ readonly code: string }> = fields({ code })

export const requestorPath: Schema<{ readonly requestor: string }> = fields({
  requestor: anyText({ description: requestorText }),
})

const XML_TYPE = 'application/xml'

/** An answer in JSON or in XML, with the same fields. */
export function document<T>(
  description: string,
  schema: Schema<T>,
  example?: NoInfer<T>,
): ResponseForm<T> & { readonly alsoType: string } {
  return { description, schema, alsoType: XML_TYPE, ...defined({ example }) }
}

interface PlainError {
  readonly status: number
  readonly message: string
  readonly details?: string | null
}

export interface EnhancedError {
  readonly action: string
  readonly status: number
  readonly code: string
  readonly message: string
  readonly details?: string
  readonly helpUrl: string
  readonly trace: string
}

export const enhancedErrorBody: Schema<EnhancedError> = answer<EnhancedError>(
  {
    action: anyText(),
    status: count(),
    code: anyText(),
    message: anyText(),
    details: optional(anyText()),
    helpUrl: anyText(),
    trace: anyText(),
  },
  { name: 'AdobePassEnhancedError' },
)

const errorBody = either(
  answer<PlainError>(
    { status: count(), message: anyText(), details: optional(orNull(anyText())) },
    { name: 'AdobePassError' },
  ),
  enhancedErrorBody,
)

export function error(description: string): AnyResponse {
  return document(description, errorBody)
}

export function html(description: string): AnyResponse {
  return { description, type: 'text/html' }
}

const throttled = html('Over one call a second after a burst of ten; an HTML page')

/** Answers that every call can have. */
export const errors: Readonly<Record<401 | 429 | 503 | 'default', AnyResponse>> = {
  401: error('An access token was sent that is not good, or none where one is required'),
  429: throttled,
  503: error('Nothing was stored, or this node is not current; try again'),
  default: error('Any other refusal'),
}

interface RegistrationError {
  readonly error: string
}

/** Client registration says what is wrong as OAuth does, in JSON alone. */
export function registrationError(example: string): ResponseForm<RegistrationError> {
  return {
    ...registrationRefusal,
    description: '`error` says what is wrong',
    example: { error: example },
  }
}

const registrationRefusal: ResponseForm<RegistrationError> = {
  description: 'Any other refusal',
  schema: answer<RegistrationError>({ error: anyText() }),
}

export const registrationErrors: Readonly<Record<429 | 'default', AnyResponse>> = {
  429: throttled,
  default: registrationRefusal,
}

interface Authentication {
  readonly requestor: string
  readonly mvpd: string
  readonly userId: string
  readonly expires: string
}

/** `expires` is a string of milliseconds in tokens, where registration records have a number [F]. */
export const authenticationToken: ResponseForm<Authentication> & { readonly alsoType: string } =
  document(
    'The AuthN token',
    answer<Authentication>({
      requestor: anyText(),
      mvpd: anyText(),
      userId: anyText(),
      expires: anyText(),
    }),
    { requestor: 'REF30', mvpd: 'DemoMVPD', userId: 'viewer', expires: '1797801128530' },
  )
