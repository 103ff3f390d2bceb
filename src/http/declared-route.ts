/**
 * Routes that are declared once: what a call takes and gives, as schemas. They check every request,
 * type the handler, and make the operation of the OpenAPI document.
 */
import { Type, type TSchema } from 'typebox'
import { readForm, readJson } from './body.ts'
import type { Answer, DialectRequest, Route } from './dialect.ts'
import {
  parametersReader,
  partReader,
  propertiesOf,
  type Problems,
  type ReadPart,
} from './input.ts'
import type { AnyResponse, BodyOf, Responses } from './responses.ts'
import type { Schema } from './schema.ts'

/** Everything about a call but what it does. */
export interface RouteForm<Q, B, R extends Responses> extends Omit<
  Route,
  'operation' | 'handle' | 'responses'
> {
  /** Default: made of method and path. */
  readonly operationId?: string
  /** Default: the title of the surface. */
  readonly tags?: readonly string[]
  readonly summary: string
  readonly description?: string
  /** Ways to authenticate; default: none. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[]
  readonly query?: Schema<Q>
  /** A body, as JSON unless it is a `form`. */
  readonly body?: Schema<B>
  readonly bodyType?: 'json' | 'form'
  readonly bodyExample?: NoInfer<B>
  /** By status, or `default`. */
  readonly responses: R
}

/**
 * One call. What it brings is read and checked when the handler asks for it, so the order of the
 * checks is the handler's.
 */
export interface Call<Q, B, R extends Responses> {
  readonly request: DialectRequest
  /** A parameter of the path. */
  param(name: string): string
  /** @throws What the surface makes of the problems. */
  query(): Q
  /** @throws What the surface makes of the problems, and of a body that is no JSON object. */
  body(): B
  /** An answer whose body is of the declared type. */
  json<S extends keyof R & number>(status: S, body: BodyOf<R[S]>, rest?: Partial<Answer>): Answer
}

/** How a surface reads, refuses and writes, the same for all of its routes. */
export interface Manners {
  /** Turns what is wrong into the surface's own failure. */
  readonly refuse: (problems: Problems) => never
  /** Reads a body as JSON. Default: {@link readJson}, whatever its content type. */
  readonly readBody?: (request: DialectRequest) => unknown
  /** True: query and forms are read leniently; see `ParameterRules`. */
  readonly areParametersLenient?: boolean
  /** `Content-Type` of answers that are JSON. Default `application/json`. */
  readonly jsonType?: string
}

/** Declares a route. */
export type DeclareRoute = <R extends Responses, Q = undefined, B = undefined>(
  form: RouteForm<Q, B, R>,
  handle: (call: Call<Q, B, R>) => Promise<Answer> | Answer,
) => Route

/** Makes the function with which a surface declares its routes. */
export function routesWith(manners: Manners): DeclareRoute {
  return <R extends Responses, Q, B>(
    form: RouteForm<Q, B, R>,
    handle: (call: Call<Q, B, R>) => Promise<Answer> | Answer,
  ): Route => {
    const { method, path, alsoHead, anyMethod, bodyLimitBytes, cacheControl } = form
    const reader = readerOf(manners, form)
    return {
      method,
      path,
      ...(alsoHead === undefined ? {} : { alsoHead }),
      ...(anyMethod === undefined ? {} : { anyMethod }),
      ...(bodyLimitBytes === undefined ? {} : { bodyLimitBytes }),
      ...(cacheControl === undefined ? {} : { cacheControl }),
      responses: form.responses,
      operation: operationOf(form),
      handle: (request) => handle(new DeclaredCall<Q, B, R>(reader, request)),
    }
  }
}

/** The checks of a route, compiled. */
interface Reader<Q, B> {
  readonly manners: Manners
  readonly query: ((request: DialectRequest) => ReturnType<ReadPart<Q>>) | undefined
  readonly body: ((request: DialectRequest) => ReturnType<ReadPart<B>>) | undefined
}

function readerOf<Q, B, R extends Responses>(
  manners: Manners,
  { query, body, bodyType = 'json' }: RouteForm<Q, B, R>,
): Reader<Q, B> {
  const { readBody = readJson, areParametersLenient: areLenient = false } = manners
  const readQuery = query && parametersReader('query', query, { areLenient })
  const readFields = body && partReader('body', body)
  const readFormFields = body && parametersReader('body', body, { areLenient })
  return {
    manners,
    query: readQuery && ((request) => readQuery(request.query)),
    body:
      bodyType === 'form'
        ? readFormFields && ((request) => readFormFields(readForm(request)))
        : readFields && ((request) => readFields(readBody(request))),
  }
}

class DeclaredCall<Q, B, R extends Responses> implements Call<Q, B, R> {
  readonly request: DialectRequest
  readonly #reader: Reader<Q, B>

  constructor(reader: Reader<Q, B>, request: DialectRequest) {
    this.#reader = reader
    this.request = request
  }

  param(name: string): string {
    return this.request.params[name] ?? ''
  }

  query(): Q {
    const { query } = this.#reader
    // Without a schema its type is `undefined`.
    return query === undefined ? (undefined as Q) : this.#checked(query(this.request))
  }

  body(): B {
    const { body } = this.#reader
    return body === undefined ? (undefined as B) : this.#checked(body(this.request))
  }

  json<S extends keyof R & number>(
    status: S,
    body: BodyOf<R[S]>,
    rest: Partial<Answer> = {},
  ): Answer {
    const { jsonType = 'application/json' } = this.#reader.manners
    return {
      ...rest,
      status,
      headers: { 'content-type': jsonType, ...rest.headers },
      body: JSON.stringify(body),
    }
  }

  #checked<T>(result: ReturnType<ReadPart<T>>): T {
    return result.ok ? result.value : this.#reader.manners.refuse(result.problems)
  }
}

/** The OpenAPI 3.1 operation. */
function operationOf<Q, B, R extends Responses>(form: RouteForm<Q, B, R>): Route['operation'] {
  const { operationId, tags, summary, description, security, query, body } = form
  const responses: Responses = form.responses
  return {
    ...(operationId === undefined ? {} : { operationId }),
    ...(tags === undefined ? {} : { tags }),
    summary,
    ...(description === undefined ? {} : { description }),
    security: security ?? [],
    parameters: query === undefined ? [] : parametersOf(query),
    ...(body === undefined ? {} : { requestBody: requestBodyOf(body, form) }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, response]) => [status, writeResponse(response)]),
    ),
  }
}

function requestBodyOf(
  schema: TSchema,
  {
    bodyType,
    bodyExample: example,
  }: { readonly bodyType?: string; readonly bodyExample?: unknown },
): object {
  const content = { schema, ...(example === undefined ? {} : { example }) }
  const type = bodyType === 'form' ? 'application/x-www-form-urlencoded' : 'application/json'
  return { required: true, content: { [type]: content } }
}

function parametersOf(query: TSchema): readonly object[] {
  return Object.entries(propertiesOf(query)).map(([name, member]) => {
    const { description, ...schema } = member as { readonly description?: string }
    return {
      name,
      in: 'query',
      ...(Type.IsOptional(member) ? {} : { required: true }),
      ...(description === undefined ? {} : { description }),
      schema,
    }
  })
}

function writeResponse(response: AnyResponse): object {
  const { description, schema, type = 'application/json', example, examples, headers } = response
  const content = {
    ...(schema === undefined ? {} : { schema }),
    ...(example === undefined ? {} : { example }),
    ...(examples === undefined ? {} : { examples }),
  }
  return {
    description,
    ...(headers === undefined ? {} : { headers }),
    ...(schema === undefined && response.type === undefined
      ? {}
      : { content: { [type]: content } }),
  }
}
