/**
 * How the admin API says no: problem details (RFC 9457). Shared failures have the form that the
 * whole application gives them; here are the few that the admin API alone needs, and the list of
 * all that a caller can meet, which `docs/admin.md` repeats.
 */
import { PROBLEM_TYPE_PREFIX, type WireFieldProblem } from '../../../protocol/admin-api.ts'
import type { Answer } from '../../dialect.ts'

/** Problems that the shared failures have no word for. */
const ownProblems = {
  'validation-failed': { status: 400, title: 'Some fields are not right' },
  'nothing-matched': { status: 404, title: 'Nothing known matches' },
  'cut-from-the-log': { status: 410, title: 'The log was cut behind it' },
  'not-supported': { status: 501, title: 'This installation cannot do that' },
} as const

type OwnSlug = keyof typeof ownProblems

/** Every problem type that the admin API answers with, and its status. */
export const adminProblems: Readonly<Record<string, number>> = {
  'validation-failed': 400,
  'malformed-request': 400,
  'credentials-missing': 401,
  'credentials-malformed': 401,
  'credentials-invalid': 401,
  'not-found': 404,
  'nothing-matched': 404,
  'method-not-allowed': 405,
  conflict: 409,
  'cut-from-the-log': 410,
  'payload-too-large': 413,
  'unsupported-media-type': 415,
  'rate-limited': 429,
  internal: 500,
  'not-supported': 501,
  'store-unavailable': 503,
}

/** A problem of the admin API alone. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly slug: OwnSlug
  readonly errors: readonly WireFieldProblem[]

  constructor(slug: OwnSlug, detail: string, errors: readonly WireFieldProblem[] = []) {
    super(detail)
    this.slug = slug
    this.errors = errors
  }
}

/** Turns a problem of the admin API into its answer. */
export function renderProblem({ slug, message, errors }: Problem): Answer {
  const { status, title } = ownProblems[slug]
  return {
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify({
      type: PROBLEM_TYPE_PREFIX + slug,
      title,
      status,
      detail: message,
      ...(errors.length === 0 ? {} : { errors }),
    }),
  }
}
