/** Answers as bytes: XML or JSON, errors plain or enhanced, and the throttle's page. */
import { defined } from '../../../domain/defined.ts'
import type { Failure } from '../../../domain/failure.ts'
import type { Json } from '../../../domain/session.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import type { PassError } from './errors.ts'
import { passErrorOf, registrationErrorOf } from './failures.ts'
import { answerFormat } from './format.ts'
import type { AdobePassOptions } from './options.ts'
import { JSON_TYPE, type EnhancedError } from './wire.ts'
import { xmlDocument, type XmlElements } from './xml.ts'

type RenderOptions = Pick<AdobePassOptions, 'defaultFormat' | 'enhancedErrors' | 'helpUrl'>

const XML = 'application/xml;charset=UTF-8'

/**
 * A document in the form that the request asks for. The vendor's samples order their fields
 * differently in each.
 */
export function documentAnswer(
  options: RenderOptions,
  request: SurfaceRequest,
  inJson: Answer,
  xml: XmlElements,
): Answer {
  if (answerFormat(request, options.defaultFormat) === 'json') return inJson
  const headers = { ...inJson.headers, 'content-type': XML }
  return { ...inJson, headers, body: xmlDocument(xml) }
}

function jsonAnswer(status: number, body: Json): Answer {
  return { status, headers: { 'content-type': JSON_TYPE }, body: JSON.stringify(body) }
}

/** An error of the API, in its plain or its enhanced form. */
export function errorAnswer(
  options: RenderOptions,
  request: SurfaceRequest,
  error: PassError,
): Answer {
  const { status, message, xmlMessage = message, details } = error
  if (options.enhancedErrors) {
    const fields = { ...enhancedError(options, request, error) }
    return documentAnswer(options, request, jsonAnswer(status, fields), { error: fields })
  }
  const plain = { status, message, ...defined({ details }) }
  const xml = { error: { status, message: xmlMessage, details } }
  return documentAnswer(options, request, jsonAnswer(status, plain), xml)
}

/** The fields of an enhanced error, in the vendor's order; `trace` is the request's id. */
export function enhancedError(
  options: RenderOptions,
  request: SurfaceRequest,
  error: PassError,
): EnhancedError {
  const { details } = error
  return {
    action: error.action,
    status: error.enhancedStatus ?? error.status,
    code: error.code,
    message: error.enhancedMessage,
    ...(typeof details === 'string' ? { details } : {}),
    helpUrl: options.helpUrl,
    trace: request.requestId,
  }
}

/** Any failure in this dialect's form: a page, a registration error, or an error of the API. */
export function failureAnswer(
  options: RenderOptions,
  prefix: string,
  failure: Failure,
  request: SurfaceRequest,
): Answer {
  if (failure.kind === 'rate_limited') return throttledAnswer
  const registration = request.path.startsWith(`${prefix}/o/client`)
  const answer = registration
    ? registrationAnswer(failure)
    : errorAnswer(options, request, passErrorOf(failure))
  const extra = failureHeaders(failure, answer.status)
  return { ...answer, headers: { ...answer.headers, ...extra } }
}

function registrationAnswer(failure: Failure): Answer {
  const { status, error } = registrationErrorOf(failure)
  return jsonAnswer(status, { error })
}

function failureHeaders(failure: Failure, status: number): Record<string, string> {
  if (failure.kind === 'method_not_allowed') return { allow: failure.allow.join(', ') }
  if (status === 401) return { 'www-authenticate': 'Bearer' }
  return status === 503 ? { 'retry-after': '1' } : {}
}

/** The page of the proxy that throttles in the vendor's installation, byte for byte: 166 of them. */
const throttledAnswer: Answer = {
  status: 429,
  headers: { 'content-type': 'text/html', 'retry-after': '1' },
  body: [
    '<html>',
    '<head><title>429 Too Many Requests</title></head>',
    '<body>',
    '<center><h1>429 Too Many Requests</h1></center>',
    '<hr><center>openresty</center>',
    '</body>',
    '</html>',
    '',
  ].join('\r\n'),
}
