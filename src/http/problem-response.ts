/** Problem details (RFC 9457) as a declared answer, and how surfaces of our own refuse a field. */
import { refuse } from '../domain/failure.ts'
import type { Manners } from './declared-route.ts'
import type { InputProblem } from './input.ts'
import { PROBLEM_MEDIA_TYPE } from './problem.ts'
import type { ResponseForm } from './responses.ts'
import { answer, anyText, count, listOf, optional, type Schema } from './schema.ts'

interface FieldProblem {
  readonly pointer?: string
  readonly parameter?: string
  readonly detail: string
}

interface ProblemBody {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail?: string
  readonly errors?: readonly FieldProblem[]
  readonly requiredRole?: string
}

const problemBody: Schema<ProblemBody> = answer<ProblemBody>(
  {
    type: anyText({ format: 'uri', description: '`urn:outright:problem:<slug>`' }),
    title: anyText(),
    status: count({ minimum: 400, maximum: 599 }),
    detail: optional(anyText()),
    requiredRole: optional(anyText({ description: 'of 403 `role-required`' })),
    errors: optional(
      listOf(
        answer<FieldProblem>({
          pointer: optional(anyText({ description: 'JSON pointer into the body' })),
          parameter: optional(anyText({ description: 'name in the query' })),
          detail: anyText(),
        }),
      ),
    ),
  },
  { name: 'Problem', description: 'Problem details (RFC 9457)' },
)

/** An answer of that form. */
export function problemResponse(description = 'A problem (RFC 9457)'): ResponseForm<ProblemBody> {
  return { description, schema: problemBody, type: PROBLEM_MEDIA_TYPE }
}

/** Refuses the first problem in words. */
export const problemManners: Manners = {
  refuse([problem]) {
    const parameter = problem.at.join('/')
    return problem.kind === 'missing'
      ? refuse({ kind: 'missing_parameter', parameter })
      : refuse({ kind: 'invalid_parameter', parameter, reason: sayProblem(problem) })
  },
}

/** What is wrong with a field, behind its name. */
export function sayProblem(problem: InputProblem): string {
  switch (problem.kind) {
    case 'missing':
      return 'is missing'
    case 'twice':
      return 'is sent more than once'
    case 'wrong_type':
      return `must be ${wanted[problem.wanted] ?? `of type ${problem.wanted}`}`
    case 'out_of_range':
      return problem.rule
    case 'unknown':
      return problem.part === 'query'
        ? `is not known here; known: ${problem.known.join(', ') || 'none'}`
        : 'is not a field here'
  }
}

const wanted: Readonly<Record<string, string>> = {
  string: 'a string',
  boolean: 'true or false',
  integer: 'a whole number',
  object: 'an object',
  array: 'a list',
}
