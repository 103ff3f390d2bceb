/**
 * Routes that are declared once: what a call takes and gives, as schemas. They check every request,
 * type the handler, and make the operation of the OpenAPI document.
 */
import { readForm, readJson } from './body.ts'
import type { Answer, SurfaceRequest, Route } from './surface.ts'
import {
  nothing,
  parametersReader,
  partReader,
  propertiesOf,
  type InputRules,
  type PartReader,
  type Problems,
  type Read,
} from './input.ts'
import { operationOf } from './operation.ts'
import type { BodyOf, Responses } from './responses.ts'
import type { Schema } from './schema.ts'

/** Everything about a call but what it does. */
export interface RouteForm<Q, B, R extends Responses, H, P> extends Omit<
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
  /** Of the path. Default: any text. */
  readonly params?: Schema<P>
  readonly query?: Schema<Q>
  /** By names in lower case. */
  readonly headers?: Schema<H>
  readonly body?: Schema<B>
  /** In which of the two forms a body may come. Default `json`. */
  readonly bodyType?: 'json' | 'form' | 'json_or_form'
  readonly bodyExample?: NoInfer<B>
  readonly bodyExamples?: Readonly<Record<string, { readonly value: NoInfer<B> }>>
  /** By status, or `default`. */
  readonly responses: R
}

/**
 * One call. What it brings is read and checked when the handler asks for it, a part or a member of
 * it, so the order of the checks is the handler's. Each throws what the surface makes of problems.
 */
export interface Call<Q, B, R extends Responses, H = undefined, P = Params> {
  readonly request: SurfaceRequest
  /** A parameter of the path. */
  param<K extends keyof P & string>(name: K): P[K]
  query(): Q
  query<K extends keyof Q & string>(name: K): Q[K]
  /** An empty header counts as absent, unless the surface says otherwise. */
  header<K extends keyof H & string>(name: K): H[K]
  /** @throws Also what the surface makes of a body that is no JSON object, or no UTF-8. */
  body(): B
  body<K extends keyof B & string>(name: K): B[K]
  /** An answer whose body is of the declared type. */
  json<S extends keyof R & number>(status: S, body: BodyOf<R[S]>, rest?: Partial<Answer>): Answer
  /** An answer without a body, of a declared status. */
  empty(status: keyof R & number, rest?: Partial<Answer>): Answer
}

/** Of a path whose parameters are not described. */
type Params = Readonly<Record<string, string>>

/** How a surface reads, refuses and writes, the same for all of its routes. */
export interface Manners extends InputRules {
  /** Turns what is wrong into the surface's own failure. */
  readonly refuse: (problems: Problems) => never
  /** Reads a query, and a form, as parameters. Default: as they were sent. */
  readonly readParameters?: (request: SurfaceRequest, part: 'query' | 'body') => URLSearchParams
  /** True: an empty header is read as an empty value. Default: it counts as absent. */
  readonly areEmptyHeadersRead?: boolean
  /** Reads a body that may be JSON. Default: {@link readJson}, whatever its content type. */
  readonly readBody?: (request: SurfaceRequest) => unknown
  /** Writes a body. Default: `JSON.stringify`. */
  readonly writeJson?: (body: unknown) => string
  /** `Content-Type` of answers that are JSON. Default `application/json`. */
  readonly jsonType?: string
}

/** Declares a route. */
export type DeclareRoute = <
  R extends Responses,
  Q = undefined,
  B = undefined,
  H = undefined,
  P = Params,
>(
  form: RouteForm<Q, B, R, H, P>,
  handle: (call: Call<Q, B, R, H, P>) => Promise<Answer> | Answer,
) => Route

/** Makes the function with which a surface declares its routes. */
export function routesWith(manners: Manners): DeclareRoute {
  return <R extends Responses, Q, B, H, P>(
    form: RouteForm<Q, B, R, H, P>,
    handle: (call: Call<Q, B, R, H, P>) => Promise<Answer> | Answer,
  ): Route => {
    const { method, path, alsoHead, anyMethod, bodyLimitBytes, cacheControl, responses } = form
    const parts = partsOf(manners, form)
    return {
      method,
      path,
      ...(alsoHead === undefined ? {} : { alsoHead }),
      ...(anyMethod === undefined ? {} : { anyMethod }),
      ...(bodyLimitBytes === undefined ? {} : { bodyLimitBytes }),
      ...(cacheControl === undefined ? {} : { cacheControl }),
      responses,
      operation: operationOf(form),
      handle: (request) => handle(new DeclaredCall<Q, B, R, H, P>(manners, parts, request)),
    }
  }
}

/** The checks of a route, compiled. */
interface Parts<Q, B, H, P> {
  readonly params: PartReader<SurfaceRequest, P>
  readonly query: PartReader<SurfaceRequest, Q>
  readonly headers: PartReader<SurfaceRequest, H>
  readonly body: PartReader<SurfaceRequest, B>
}

function partsOf<Q, B, R extends Responses, H, P>(
  manners: Manners,
  { params, query, headers, body, bodyType = 'json' }: RouteForm<Q, B, R, H, P>,
): Parts<Q, B, H, P> {
  const { readBody = readJson, readParameters = parametersIn, areEmptyHeadersRead } = manners
  const names = headers === undefined ? [] : Object.keys(propertiesOf(headers))
  return {
    params:
      params === undefined
        ? textsOfPath()
        : from((request) => request.params, partReader('path', params)),
    query: from(
      (request) => readParameters(request, 'query'),
      query && parametersReader('query', query, manners),
    ),
    headers: from(
      (request) => headersIn(request, names, areEmptyHeadersRead),
      headers && partReader('header', headers),
      (request, name) => headersIn(request, [name], areEmptyHeadersRead),
    ),
    body:
      bodyType === 'form'
        ? from(
            (request) => readParameters(request, 'body'),
            body && parametersReader('body', body, manners),
          )
        : from(readBody, body && partReader('body', body, manners)),
  }
}

/**
 * Without a schema there is nothing to read: whole it is `undefined`, and a member what it says.
 *
 * @param sourceOf Finds the part.
 * @param memberOf Finds as much of it as one member needs; all of it by default.
 */
function from<Source, T>(
  sourceOf: (request: SurfaceRequest) => Source,
  reader: PartReader<Source, T> | undefined,
  memberOf: (request: SurfaceRequest, name: string) => Source = (request) => sourceOf(request),
): PartReader<SurfaceRequest, T> {
  if (reader === undefined) {
    const none = { ok: true, value: undefined } as const
    return { all: () => none as Read<T>, one: () => none as never }
  }
  return {
    all: (request) => reader.all(sourceOf(request)),
    one: (request, name) => reader.one(memberOf(request, name), name),
  }
}

/** Parameters of a path that are not described. Those that there are have names of its own. */
function textsOfPath<P>(): PartReader<SurfaceRequest, P> {
  return {
    all: ({ params }) => ({ ok: true, value: params as P }),
    one: ({ params }, name) => ({ ok: true, value: (params[name] ?? '') as P[typeof name] }),
  }
}

function parametersIn(request: SurfaceRequest, part: 'query' | 'body'): URLSearchParams {
  return part === 'query' ? request.query : readForm(request)
}

function headersIn(
  request: SurfaceRequest,
  names: readonly string[],
  areEmptyRead = false,
): Readonly<Record<string, string>> {
  let found: Record<string, string> | undefined
  for (const name of names) {
    const value = request.header(name)?.trim()
    if (value !== undefined && (value !== '' || areEmptyRead)) {
      found = { ...found, [name]: value }
    }
  }
  return found ?? nothing
}

class DeclaredCall<Q, B, R extends Responses, H, P> implements Call<Q, B, R, H, P> {
  readonly request: SurfaceRequest
  readonly #manners: Manners
  readonly #parts: Parts<Q, B, H, P>

  constructor(manners: Manners, parts: Parts<Q, B, H, P>, request: SurfaceRequest) {
    this.#manners = manners
    this.#parts = parts
    this.request = request
  }

  param<K extends keyof P & string>(name: K): P[K] {
    return this.#checked(this.#parts.params.one(this.request, name))
  }

  query(): Q
  query<K extends keyof Q & string>(name: K): Q[K]
  query(name?: keyof Q & string): unknown {
    const { query } = this.#parts
    return this.#checked<unknown>(
      name === undefined ? query.all(this.request) : query.one(this.request, name),
    )
  }

  header<K extends keyof H & string>(name: K): H[K] {
    return this.#checked(this.#parts.headers.one(this.request, name))
  }

  body(): B
  body<K extends keyof B & string>(name: K): B[K]
  body(name?: keyof B & string): unknown {
    const { body } = this.#parts
    return this.#checked<unknown>(
      name === undefined ? body.all(this.request) : body.one(this.request, name),
    )
  }

  json<S extends keyof R & number>(
    status: S,
    body: BodyOf<R[S]>,
    rest: Partial<Answer> = {},
  ): Answer {
    const { jsonType = 'application/json', writeJson = JSON.stringify } = this.#manners
    return {
      ...rest,
      status,
      headers: { 'content-type': jsonType, ...rest.headers },
      body: writeJson(body),
    }
  }

  empty(status: keyof R & number, rest: Partial<Answer> = {}): Answer {
    return { ...rest, status }
  }

  #checked<T>(read: Read<T>): T {
    return read.ok ? read.value : this.#manners.refuse(read.problems)
  }
}
