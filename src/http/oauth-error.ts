import { refuse, type Failure } from '../domain/failure.ts'
import type { Answer } from './surface.ts'
import type { Problems } from './input.ts'
import { adviceOf, problems } from './problem.ts'
import { sayProblem } from './problem-response.ts'

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
  const { status, error } = errorOf(failure)
  const answer = oauthError(status, error, describe(failure))
  return { ...answer, headers: { ...answer.headers, ...headersOf(failure, status) } }
}

/** Refuses a form by its first problem. The names are those of the endpoint's own parameters. */
export function refuseForm([problem]: Problems): never {
  const parameter = problem.at.join('.')
  return problem.kind === 'missing'
    ? refuse({ kind: 'missing_parameter', parameter })
    : refuse({ kind: 'invalid_parameter', parameter, reason: sayProblem(problem) })
}

/** With what is wrong where the client can mend it: in words of our own, never the caller's. */
function describe(failure: Failure): string {
  const { title } = problems[failure.kind]
  switch (failure.kind) {
    case 'missing_parameter':
      return `${title}: ${failure.parameter}`
    case 'invalid_parameter':
      return `${title}: ${failure.parameter} ${failure.reason}`
    case 'malformed_request':
    case 'credentials_malformed':
      return `${title}: ${failure.reason}`
    default:
      return title
  }
}

/** The caller is a client, so a 401 is about its credentials. */
function errorOf({ kind }: Failure): { readonly status: number; readonly error: string } {
  const { status } = problems[kind]
  if (status === 401 || kind === 'account_disabled') return { status: 401, error: 'invalid_client' }
  const isOver = status >= 500 || kind === 'rate_limited'
  return { status, error: isOver ? 'temporarily_unavailable' : 'invalid_request' }
}

function headersOf(failure: Failure, status: number): Readonly<Record<string, string>> {
  return status === 401 ? { 'www-authenticate': 'Basic realm="outright"' } : adviceOf(failure)
}
