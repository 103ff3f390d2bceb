import type { Failure } from '../domain/failure.ts'
import type { Answer } from './dialect.ts'
import { problems } from './problem.ts'

/** An error as OAuth has it (RFC 6749, section 5.2). */
export function oauthError(status: number, error: string, description: string): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ error, error_description: description }),
  }
}

/** A failure in the same form. */
export function oauthFailure(failure: Failure): Answer {
  const { status, title } = problems[failure.kind]
  const word = status >= 500 ? 'temporarily_unavailable' : 'invalid_request'
  const answer = oauthError(status, word, title)
  if (status === 503) return { ...answer, headers: { ...answer.headers, 'retry-after': '1' } }
  if (failure.kind !== 'method_not_allowed') return answer
  return { ...answer, headers: { ...answer.headers, allow: failure.allow.join(', ') } }
}
