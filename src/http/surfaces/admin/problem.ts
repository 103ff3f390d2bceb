/**
 * The errors of the admin API: problem details (RFC 9457). Shared failures have the form that the
 * whole application gives them; here are the few that the admin API alone needs.
 */
import type { Role } from '../../../domain/operator.ts'
import type { WireFieldProblem } from '../../../protocol/admin-api.ts'
import type { Answer } from '../../surface.ts'
import type { InputProblem, Problems } from '../../input.ts'
import { problemDocument } from '../../problem.ts'
import { sayProblem } from '../../problem-response.ts'

/** Problems that the shared failures have no word for. */
const ownProblems = {
  'validation-failed': { status: 400, title: 'Some fields are not right' },
  'role-required': { status: 403, title: 'Your role may not do this' },
  'nothing-matched': { status: 404, title: 'Nothing known matches' },
  'cut-from-the-log': { status: 410, title: 'The log was cut behind it' },
  'not-supported': { status: 501, title: 'This installation cannot do that' },
  'backup-failed': { status: 503, title: 'The database could not be copied' },
} as const

type OwnSlug = keyof typeof ownProblems

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

/** Of a caller who may not do what was asked. */
export class RoleProblem extends Problem {
  readonly requiredRole: Role

  constructor(requiredRole: Role) {
    super('role-required', `only with the role ${requiredRole}`)
    this.requiredRole = requiredRole
  }
}

/** Refuses what is wrong with a request, all of it together. */
export function refuseFields(problems: Problems): never {
  return refuseWith(
    problems.map((problem) => ({ ...placeOf(problem), detail: sayProblem(problem) })),
  )
}

/** Refuses fields of a body for what only several of them together can be wrong about. */
export function refuseBody(complaints: Readonly<Record<string, string>>): never {
  return refuseWith(
    Object.entries(complaints).map(([name, detail]) => ({ pointer: `#/${name}`, detail })),
  )
}

/** @throws {Problem} `validation-failed` that names a query parameter or a header. */
export function refuseParameter(parameter: string, detail: string): never {
  return refuseWith([{ parameter, detail }])
}

function refuseWith(errors: readonly WireFieldProblem[]): never {
  const summary = errors
    .slice(0, 3)
    .map(({ pointer, parameter = pointer?.slice(2) ?? '', detail }) => `${parameter} ${detail}`)
    .join('; ')
  throw new Problem('validation-failed', summary, errors.slice(0, 20))
}

/** Names of the caller's own are not repeated whole. */
const MAX_NAME_LENGTH = 64

function placeOf({ part, at }: InputProblem): Omit<WireFieldProblem, 'detail'> {
  const names = at.map((name) => name.slice(0, MAX_NAME_LENGTH))
  if (part !== 'body') return { parameter: names.join('/') }
  // RFC 6901, section 4.
  return {
    pointer: `#/${names.map((name) => name.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`,
  }
}

/** Turns a problem of the admin API into its answer. */
export function renderProblem(problem: Problem): Answer {
  const { slug, message, errors } = problem
  return problemDocument(slug, ownProblems[slug], {
    detail: message,
    ...(problem instanceof RoleProblem ? { requiredRole: problem.requiredRole } : {}),
    ...(errors.length === 0 ? {} : { errors }),
  })
}
