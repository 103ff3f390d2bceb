/**
 * The resources of the admin API (`/outright/v1`) as they are on the wire: what the server renders
 * and the typed client reads. Times are RFC 3339 in UTC with milliseconds; durations are numbers of
 * milliseconds whose names end in `Ms`. What is absent is `null`, never left out.
 */

/** Path before every route of the admin API. */
export const ADMIN_PREFIX = '/outright/v1'

/** One page of a list; `next` is the cursor of the page after it, null on the last. */
export interface WirePage<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

/** An error: problem details (RFC 9457). */
export interface WireProblem {
  /** `urn:outright:problem:<slug>`. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  /** What is wrong with which field of the body (a JSON pointer) or parameter of the query. */
  readonly errors?: readonly WireFieldProblem[]
}

export interface WireFieldProblem {
  readonly pointer?: string
  readonly parameter?: string
  readonly detail: string
}

export const PROBLEM_TYPE_PREFIX = 'urn:outright:problem:'

export * from './admin-audit.ts'
export * from './admin-directory.ts'
export * from './admin-node.ts'
export * from './admin-revocations.ts'
export * from './admin-sessions.ts'
export * from './admin-statistics.ts'
