import type { WireProblem } from '../protocol/admin-api.ts'

/** The server said no. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** The HTTP status. */
  readonly status: number
  /** Problem details (RFC 9457); a plain one where the answer was none. */
  readonly problem: WireProblem

  constructor(problem: WireProblem) {
    super(problem.detail ?? problem.title)
    this.status = problem.status
    this.problem = problem
  }
}

/** There was no answer, or it broke off: the server is down, the address is wrong, the time ran out. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  /** Who did not answer: scheme, host and port. */
  readonly origin: string

  /** @param reason What is known of why, in words or as a code. */
  constructor(origin: string, reason: string, options?: ErrorOptions) {
    super(`Cannot reach ${origin}: ${reason}`, options)
    this.origin = origin
  }
}
