/**
 * The application: every dialect's routes on one Fastify instance. It owns what is the same for all
 * of them: reading requests, bounds, receipt headers, and which dialect says no when nobody has a
 * route. It opens no socket; `server/serve.ts` does.
 */
import { METHODS, type IncomingMessage } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { Refusal, type Failure } from '../domain/failure.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { bodyLimitBytes } from './body.ts'
import type { Answer, Dialect, DialectRequest, Route } from './dialect.ts'
import { AppRequest, requestId } from './request.ts'
import { problemAnswer } from './problem.ts'
import { receiptHeaders } from './receipt-headers.ts'

export interface MountedDialect {
  readonly dialect: Dialect
  /** Path before all of its routes, without a slash at the end; empty at the root. */
  readonly prefix: string
  /** Served only under this host name; undefined: under any. */
  readonly host: string | undefined
}

/** What is known of an answered request, for metrics and the access log. No query, no credential. */
export interface Observation {
  readonly dialect: string
  readonly method: string
  /** The route's pattern, `*` where there was none. */
  readonly route: string
  readonly status: number
  readonly elapsedMs: number
  readonly requestId: string
}

export interface AppOptions {
  readonly mounts: readonly MountedDialect[]
  /** The public URL, without a slash at the end. */
  readonly publicUrl: string
  /** Whether an address is a proxy whose `X-Forwarded-For` is believed. */
  readonly isTrustedProxy: (address: string) => boolean
  readonly clock: Clock
  readonly log: Log
  readonly observe: (observation: Observation) => void
  /**
   * Which upgrades somebody takes who listens to the server; all others are answered as if they
   * were none (RFC 9110, section 7.8). Default: none.
   */
  readonly takesUpgrade?: (request: IncomingMessage) => boolean
}

/** Milliseconds until a request that does not arrive whole is given up. */
const REQUEST_TIMEOUT_MS = 30_000
const LONGEST_PARAMETER = 512

export function createApp(options: AppOptions): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: bodyLimitBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Proxies pass on that a browser wants a WebSocket, clients in Java that they speak HTTP/2.
    http: { shouldUpgradeCallback: options.takesUpgrade ?? (() => false) },
    genReqId: (raw) => requestId(raw),
    // Queries are read by the dialects: a name that comes twice must stay visible.
    routerOptions: { maxParamLength: LONGEST_PARAMETER, querystringParser: () => ({}) },
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => {
      void refuseByPath(options, failureOf(error), request, reply)
    },
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body)
  })
  for (const method of METHODS) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
  }
  for (const mount of options.mounts) {
    for (const route of mount.dialect.routes) mountRoute(app, options, mount, route)
  }
  app.setNotFoundHandler((request, reply) => {
    const allow = allowedMethods(options.mounts, request)
    if (allow.length > 0 && request.method === 'OPTIONS') {
      return reply
        .code(204)
        .header('allow', [...allow, 'OPTIONS'].join(', '))
        .send()
    }
    const failure: Failure =
      allow.length > 0 ? { kind: 'method_not_allowed', allow } : { kind: 'not_found' }
    return refuseByPath(options, failure, request, reply)
  })
  app.setErrorHandler((error, request, reply) =>
    refuseByPath(options, failureOf(error), request, reply),
  )
  // What is expected but for `100-continue` (RFC 9110, section 10.1.1) may be ignored. Node would
  // answer 417, without the dialect; nginx makes a 500 of that when it asks whether to let one in.
  app.server.on('checkExpectation', (request, response) => {
    app.server.emit('request', request, response)
  })
  return app
}

function mountRoute(
  app: FastifyInstance,
  options: AppOptions,
  mount: MountedDialect,
  route: Route,
): void {
  const { dialect } = mount
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const dialectRequest = new AppRequest(request, options)
    let answer: Answer
    try {
      answer = await route.handle(dialectRequest)
    } catch (error) {
      answer = renderError(options, dialect, error, dialectRequest)
    }
    return send(options, dialect, route.path, dialectRequest, reply, answer)
  }
  app.route({
    method: methodsOf(mount, route),
    url: mount.prefix + route.path,
    ...(mount.host === undefined ? {} : { constraints: { host: mount.host } }),
    errorHandler: (error, request, reply) => {
      const dialectRequest = new AppRequest(request, options)
      const answer = renderError(options, dialect, error, dialectRequest)
      void send(options, dialect, route.path, dialectRequest, reply, answer)
    },
    // Answered before Fastify reads the body, where the route wants none.
    ...(route.anyMethod === true ? { onRequest: handler } : {}),
    handler,
  })
}

/** The route's method; for one that takes any, also all that the dialect names nowhere else there. */
function methodsOf({ dialect }: MountedDialect, route: Route): string[] {
  const { method, path, anyMethod, alsoHead } = route
  if (anyMethod !== true) return alsoHead === true ? [method, 'HEAD'] : [method]
  const named = new Set<string>(
    dialect.routes.filter((other) => other.path === path).map((other) => other.method),
  )
  // Node takes no `CONNECT` for a request.
  return [method, ...METHODS.filter((other) => other !== 'CONNECT' && !named.has(other))]
}

function renderError(
  options: AppOptions,
  dialect: Dialect,
  error: unknown,
  request: DialectRequest,
): Answer {
  const failure = failureOf(error)
  logFailure(options.log, failure, error, request.requestId)
  return dialect.renderFailure(failure, request)
}

function logFailure(log: Log, failure: Failure, error: unknown, id: string): void {
  if (failure.kind === 'internal') {
    const stack = error instanceof Error && !(error instanceof Refusal) ? error.stack : undefined
    log.error({ requestId: id, reason: failure.reason, stack }, 'request failed')
  } else if (failure.kind === 'store_unavailable') {
    log.error({ requestId: id, reason: failure.reason }, 'store unavailable')
  }
}

/** Answers for requests that no route took: in the form of the dialect that owns the path. */
function refuseByPath(
  options: AppOptions,
  failure: Failure,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const dialectRequest = new AppRequest(request, options)
  logFailure(options.log, failure, undefined, dialectRequest.requestId)
  const owner = options.mounts.find(
    ({ dialect, prefix, host }) =>
      (host === undefined || host === request.host) &&
      dialectRequest.path.startsWith(prefix) &&
      dialect.owns(dialectRequest.path.slice(prefix.length)),
  )
  const answer =
    owner === undefined
      ? problemAnswer(failure)
      : owner.dialect.renderFailure(failure, dialectRequest)
  return send(options, owner?.dialect, '*', dialectRequest, reply, answer)
}

function send(
  options: AppOptions,
  dialect: Dialect | undefined,
  route: string,
  request: AppRequest,
  reply: FastifyReply,
  answer: Answer,
): FastifyReply {
  reply.code(answer.status)
  reply.header('cache-control', 'no-store')
  reply.header('x-content-type-options', 'nosniff')
  if (dialect?.headers !== undefined) reply.headers(dialect.headers(request))
  if (answer.receipt !== undefined) {
    reply.headers(receiptHeaders(answer.receipt, request.waitForConfirmation))
  }
  if (answer.headers !== undefined) reply.headers(answer.headers)
  options.observe({
    dialect: dialect?.name ?? 'none',
    method: request.method,
    route,
    status: answer.status,
    elapsedMs: options.clock.monotonicMs() - request.startedMs,
    requestId: request.requestId,
  })
  const { body } = answer
  if (body === undefined) return reply.send()
  // As bytes, so that Fastify adds no charset to the content type that the dialect chose.
  if (typeof body === 'string') return reply.send(Buffer.from(body))
  return reply.send(Buffer.isBuffer(body) ? body : streamOf(body))
}

function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream {
  return ReadableStream.from(chunks)
}

function failureOf(error: unknown): Failure {
  if (error instanceof Refusal) return error.failure
  const code = (error as { code?: unknown }).code
  const status = (error as { statusCode?: unknown }).statusCode
  if (status === 413) return { kind: 'payload_too_large' }
  if (status === 415) return { kind: 'unsupported_media_type' }
  if (typeof code === 'string' && typeof status === 'number' && status >= 400 && status < 500) {
    return { kind: 'malformed_request', reason: frameworkReasons.get(code) ?? code }
  }
  return { kind: 'internal', reason: error instanceof Error ? error.message : 'unknown' }
}

/** What Fastify finds wrong before a route is called, in words. */
const frameworkReasons: ReadonlyMap<string, string> = new Map([
  [
    'FST_ERR_MAX_PARAM_LENGTH',
    `a part of the path is longer than ${String(LONGEST_PARAMETER)} characters`,
  ],
  ['FST_ERR_BAD_URL', 'the path is not percent-encoded as it should be'],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 'the body is not as long as Content-Length says'],
])

/** The methods for which some dialect has a route at this path. */
function allowedMethods(mounts: readonly MountedDialect[], request: FastifyRequest): string[] {
  const path = request.url.split('?', 1)[0] ?? ''
  const found = new Set<string>()
  for (const mount of mounts) {
    const { dialect, prefix, host } = mount
    if (host !== undefined && host !== request.host) continue
    for (const route of dialect.routes) {
      if (!pathPattern(prefix + route.path).test(path)) continue
      for (const method of methodsOf(mount, route)) found.add(method)
    }
  }
  return [...found].sort((a, b) => preference.indexOf(a) - preference.indexOf(b))
}

const preference = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const patterns = new Map<string, RegExp>()

/** A route's path as a pattern; there are as many as there are routes, so all are kept. */
function pathPattern(path: string): RegExp {
  const known = patterns.get(path)
  if (known !== undefined) return known
  const escaped = path.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const named = escaped.replace(/:[A-Za-z]+/g, '[^/]+').replace(/\\\*$/, '.*')
  const pattern = new RegExp(`^${named}$`)
  patterns.set(path, pattern)
  return pattern
}
