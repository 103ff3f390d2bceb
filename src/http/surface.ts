/**
 * What a surface is, a dialect or one of our own: routes that turn a request into an answer, and
 * one function that renders every failure. A surface knows the core's verbs and its own wire
 * format; it knows neither Fastify nor sockets nor other surfaces.
 */
import type { Failure } from '../domain/failure.ts'
import type { Receipt } from '../domain/receipt.ts'
import type { Cookie } from './cookie.ts'
import type { CorsRules } from './cors.ts'
import type { Responses } from './responses.ts'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'

/** A request as a surface sees it. Each part is parsed on first use. */
export interface SurfaceRequest {
  readonly method: string
  /** Path without the query, as it was sent. */
  readonly path: string
  /** Parameters of the route's path, percent-decoded. */
  readonly params: Readonly<Record<string, string>>
  /** The query, decoded; a name that is sent twice has two values. */
  readonly query: URLSearchParams
  /** One header's value by its lower-case name; undefined where absent. */
  header(name: string): string | undefined
  /** How often a header was sent. */
  headerCount(name: string): number
  /** The raw body; empty where there is none. Never more than the route's `bodyLimitBytes`. */
  readonly body: Buffer
  /** The caller's address, after trusted proxies, in its shortest form; IPv4-mapped IPv6 is IPv4. */
  readonly clientAddress: string
  readonly requestId: string
  /** Scheme and authority of the installation's public URL, without a slash at the end. */
  readonly publicUrl: string
  /** False where the caller sent `Prefer: respond-async` (RFC 7240). */
  readonly waitForConfirmation: boolean
}

/** An answer, complete. A string body goes out as UTF-8. */
export interface Answer {
  readonly status: number
  /** The words behind the status, for one that HTTP does not register. Default: the registered ones. */
  readonly reasonPhrase?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Each becomes a `Set-Cookie` header of its own. */
  readonly cookies?: readonly Cookie[]
  readonly body?: string | Buffer | AsyncIterable<Uint8Array>
  /**
   * Set on every logout's answer: becomes the receipt headers. That of a `token_revoked` is added
   * by the application.
   */
  readonly receipt?: Receipt
}

export interface Route {
  readonly method: Method
  /** In Fastify's form: `/regcode/:code`. */
  readonly path: string
  /** OpenAPI 3.1 operation: summary, description, tags, parameters, requestBody, responses. */
  readonly operation: Readonly<Record<string, unknown>>
  /** What its answers are, where it was declared with schemas. */
  readonly responses?: Responses
  /**
   * True: it answers any other method as well that no route of this path names, and never reads a
   * body. For what is asked about a request rather than with one.
   */
  readonly anyMethod?: true
  /** True, for a GET: HEAD is answered as well, by the same handler. Not for what streams. */
  readonly alsoHead?: true
  /** Bytes of its body; more are refused before they are kept. Default `BODY_LIMIT_BYTES`. */
  readonly bodyLimitBytes?: number
  /**
   * `Cache-Control` of its good answers (2xx and 304). Default `no-store`, as on everything else:
   * an answer that a cache keeps outlives a logout.
   */
  readonly cacheControl?: string
  handle(request: SurfaceRequest): Promise<Answer> | Answer
}

export interface Surface {
  readonly routes: readonly Route[]
  /** True for paths where unknown routes and wrong methods are answered in this surface's form. */
  owns(path: string): boolean
  /** The one place where a failure becomes bytes: an exhaustive switch over `failure.kind`. */
  renderFailure(failure: Failure, request: SurfaceRequest): Answer
  /** How pages of other origins may call; without it they may where the installation says so. */
  readonly cors?: CorsRules
  /** Headers that every answer of the surface carries, errors included. */
  headers?(request: SurfaceRequest): Readonly<Record<string, string>>
}
