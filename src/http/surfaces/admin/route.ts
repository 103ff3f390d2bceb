/** What a route of the admin API is made of: its OpenAPI operation in a short form, and its handler. */
import type { Answer, DialectRequest, Method } from '../../dialect.ts'

type Schema = Readonly<Record<string, unknown>>

export interface OperationForm {
  /** Unique; the name of the method in the typed client. */
  readonly id: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  /** Query parameters: name → description. */
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Schema
  /** Answers that are not problems: status → schema of the JSON body, or a description alone. */
  readonly answers: Readonly<Record<string, AnswerForm>>
}

export interface AnswerForm {
  readonly description: string
  readonly schema?: Schema
  /** Default `application/json`. */
  readonly type?: string
}

export interface AdminRoute {
  readonly method: Method
  /** Behind `/outright/v1`. */
  readonly path: string
  readonly operation: OperationForm
  /** @param actor Who calls: `operator:<name>`. */
  act(request: DialectRequest, actor: string): Promise<Answer> | Answer
}

/** An answer whose body is JSON. */
export function json(status: number, body: unknown, rest: Partial<Answer> = {}): Answer {
  return {
    ...rest,
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...rest.headers },
    body: JSON.stringify(body),
  }
}

/** Writes the short form out as an OpenAPI 3.1 operation. */
export function writeOperation(form: OperationForm, problem: Schema): Record<string, unknown> {
  const { id, tag, summary, description, query = {}, body, answers } = form
  const responses = Object.entries(answers).map(([status, answer]) => [status, response(answer)])
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: [{ adminToken: [] }],
    parameters: Object.entries(query).map(([name, text]) => ({
      name,
      in: 'query',
      description: text,
      schema: name === 'limit' ? limitSchema : { type: 'string' },
    })),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      ...Object.fromEntries(responses),
      default: response({
        description: 'A problem (RFC 9457)',
        schema: problem,
        type: 'application/problem+json',
      }),
    },
  }
}

const limitSchema = { type: 'integer', minimum: 1, maximum: 1000, default: 50 } as const

function response({ description, schema, type = 'application/json' }: AnswerForm): Schema {
  return schema === undefined && type === 'application/json'
    ? { description }
    : { description, content: { [type]: schema === undefined ? {} : { schema } } }
}

/** The descriptions of the parameters that every list has. */
export const pageQuery = {
  limit: 'How many at most',
  cursor: '`next` of the page before',
} as const
