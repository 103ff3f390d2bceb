/** Every failure there is, as DirectLink and as Matar say it. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Failure, FailureKind } from '../../src/domain/failure.ts'
import type { Answer, SurfaceRequest } from '../../src/http/surface.ts'
import { createRender } from '../../src/http/dialects/directlink/render.ts'
import { renderFailure } from '../../src/http/dialects/matar/render.ts'

const reason = 'operators-only'

/** Failure, status and text at DirectLink, status and `error` or `message` at Matar. */
const table: readonly (readonly [Failure, number, string, number, string])[] = [
  [{ kind: 'malformed_request', reason }, 400, 'Bad Request', 400, 'The body is not a JSON object'],
  [{ kind: 'missing_parameter', parameter: 'otp' }, 400, 'Bad Request', 400, 'otp is required'],
  [
    { kind: 'invalid_parameter', parameter: 'otp', reason },
    400,
    'Bad Request',
    400,
    'otp is not valid',
  ],
  [
    { kind: 'unsupported_media_type' },
    415,
    'Unsupported Media Type',
    415,
    'Unsupported Media Type',
  ],
  [{ kind: 'payload_too_large' }, 413, 'Request Entity Too Large', 413, 'Request Entity Too Large'],
  [
    { kind: 'headers_too_large' },
    431,
    'Request Header Fields Too Large',
    431,
    'Request Header Fields Too Large',
  ],
  [{ kind: 'request_timeout' }, 408, 'Request Timeout', 408, 'Request Timeout'],
  [{ kind: 'stopping' }, 503, 'Service Unavailable', 503, 'Service Unavailable'],
  [{ kind: 'credentials_missing' }, 400, 'Bad Request', 401, 'authorization_required'],
  [{ kind: 'credentials_malformed', reason }, 400, 'Bad Request', 401, 'invalid_token'],
  [{ kind: 'credentials_invalid' }, 401, 'Unauthorized', 401, 'invalid_token'],
  [{ kind: 'token_invalid', reason }, 401, 'Unauthorized', 401, 'invalid_token'],
  [{ kind: 'token_unproven', challenge: '' }, 401, 'Unauthorized', 401, 'invalid_token'],
  [{ kind: 'token_expired' }, 401, 'Unauthorized', 401, 'token_expired'],
  [{ kind: 'token_revoked' }, 401, 'Unauthorized', 401, 'token_revoked'],
  [{ kind: 'token_not_fresh' }, 401, 'Unauthorized', 401, 'fresh_token_required'],
  [{ kind: 'refresh_token_reused' }, 401, 'Unauthorized', 401, 'token_revoked'],
  [{ kind: 'client_key_missing' }, 401, 'Unauthorized', 401, 'invalid_token'],
  [{ kind: 'client_key_invalid' }, 401, 'Unauthorized', 401, 'invalid_token'],
  [{ kind: 'account_disabled' }, 403, 'Forbidden', 403, 'This account is disabled'],
  [{ kind: 'address_not_allowed' }, 403, 'Forbidden', 403, 'Forbidden'],
  [
    { kind: 'rate_limited', retryAfterSeconds: 7 },
    429,
    'Too Many Requests',
    429,
    'too_many_requests',
  ],
  [{ kind: 'otp_invalid' }, 401, 'Unauthorized', 400, 'Invalid OTP'],
  [{ kind: 'otp_expired' }, 401, 'Unauthorized', 400, 'expired otp please try again'],
  [{ kind: 'forbidden', reason }, 403, 'Forbidden', 403, 'Forbidden'],
  [{ kind: 'not_found' }, 404, 'Not Found', 404, 'Not Found'],
  [
    { kind: 'method_not_allowed', allow: ['GET', 'POST'] },
    405,
    'Method Not Allowed',
    405,
    'Method Not Allowed',
  ],
  [{ kind: 'conflict', reason }, 409, 'Conflict', 409, 'Conflict'],
  [{ kind: 'stale' }, 503, 'Service Unavailable', 503, 'Service Unavailable'],
  [{ kind: 'store_unavailable', reason }, 500, 'Internal Server Error', 503, 'Service Unavailable'],
  [{ kind: 'internal', reason }, 500, 'Internal Server Error', 500, 'Internal Server Error'],
]

/** The compiler complains here when a kind is added. */
const everyKind: Readonly<Record<FailureKind, true>> = {
  malformed_request: true,
  missing_parameter: true,
  invalid_parameter: true,
  unsupported_media_type: true,
  payload_too_large: true,
  headers_too_large: true,
  request_timeout: true,
  stopping: true,
  credentials_missing: true,
  credentials_malformed: true,
  credentials_invalid: true,
  token_invalid: true,
  token_expired: true,
  token_revoked: true,
  token_not_fresh: true,
  token_unproven: true,
  refresh_token_reused: true,
  client_key_missing: true,
  client_key_invalid: true,
  account_disabled: true,
  address_not_allowed: true,
  rate_limited: true,
  otp_invalid: true,
  otp_expired: true,
  forbidden: true,
  not_found: true,
  method_not_allowed: true,
  conflict: true,
  stale: true,
  store_unavailable: true,
  internal: true,
}

suite('every failure', () => {
  const directLink = createRender('v1 (3.6.0)', 'https://auth.example/directlink/v1', () => 'now')

  for (const [failure, status, description, matarStatus, matarText] of table) {
    test(`DirectLink: ${failure.kind}`, () => {
      const answer = directLink.failure(failure, request('/directlink/v1/auth/logout'))
      assertAnswer(
        answer,
        status,
        `{"status":${status},"description":"${description}","apiver":"v1 (3.6.0)","time":"now"}`,
      )
    })

    test(`DirectLink, the token call: ${failure.kind}`, () => {
      const answer = directLink.failure(failure, request('/directlink/v1/oauth2/token'))
      const text = status === 500 ? 'Internal server error' : description
      assertAnswer(
        answer,
        status,
        `{"error":${status},"error_description":"${text}","error_uri":"https://auth.example/directlink/v1"}`,
      )
    })

    test(`Matar: ${failure.kind}`, () => {
      const answer = renderFailure(failure)
      const body = JSON.parse(textOf(answer)) as Record<string, string>
      assert.equal(body['error'] ?? body['message'], matarText)
      assertAnswer(answer, matarStatus, textOf(answer))
      assert.deepEqual(Object.keys(body), Object.keys(body).sort())
      assert.ok(textOf(answer).endsWith('}\n'))
    })
  }

  test('the table has every kind once', () => {
    const kinds = table.map(([{ kind }]) => kind)
    assert.deepEqual(kinds.toSorted(), Object.keys(everyKind).sort())
  })

  test('Allow and Retry-After are said', () => {
    const rest = request('/directlink/v1/auth/logout')
    for (const render of [(failure: Failure) => directLink.failure(failure, rest), renderFailure]) {
      const wrongMethod = render({ kind: 'method_not_allowed', allow: ['GET', 'POST'] })
      assert.equal(wrongMethod.headers?.['allow'], 'GET, POST')
      const tooMany = render({ kind: 'rate_limited', retryAfterSeconds: 7 })
      assert.equal(tooMany.headers?.['retry-after'], '7')
    }
  })
})

/** What is for operators stays with operators. */
function assertAnswer(answer: Answer, status: number, body: string): void {
  assert.equal(answer.status, status)
  assert.equal(answer.body, body)
  assert.ok(!body.includes(reason))
  assert.equal(answer.receipt, undefined)
  assert.match(answer.headers?.['content-type'] ?? '', /^application\/json(?:;charset=UTF-8)?$/)
}

function textOf({ body }: Answer): string {
  return typeof body === 'string' ? body : assert.fail('it is no text')
}

/** Of a request, rendering reads the path alone. */
function request(path: string): SurfaceRequest {
  return { path } as SurfaceRequest
}
