/**
 * The application: the routes of every surface on one Fastify instance. It owns what is the same
 * for all of them: reading requests, bounds, receipt headers, and which surface refuses what has no
 * route. It opens no socket; `server/serve.ts` does.
 */
import { METHODS, type IncomingMessage } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { Refusal, type Failure } from '../domain/failure.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { BODY_LIMIT_BYTES } from './body.ts'
import type { Answer, Surface, SurfaceRequest, Route } from './surface.ts'
import { createHttpServer } from './http-server.ts'
import { inOrder, methodsAt, methodsOf, ownerOf, type MountedSurface } from './owner.ts'
import type { ClientAddresses } from './client-address.ts'
import { AppRequest } from './request.ts'
import { notFoundFor } from './not-found-page.ts'
import { problemAnswer } from './problem.ts'
import { respondersOf, type Observe, type Responder, type Responders } from './responder.ts'
import { unreadRequest, type RequestHead } from './unread-request.ts'
import { writeAnswer } from './write-answer.ts'

export type { MountedSurface } from './owner.ts'
export type { Observe } from './responder.ts'

export interface AppOptions {
  readonly mounts: readonly MountedSurface[]
  /** The public URL, without a slash at the end. */
  readonly publicUrl: string
  /** Whether an address is a proxy whose `X-Forwarded-For` is believed. */
  readonly addresses: ClientAddresses
  readonly clock: Clock
  readonly log: Log
  readonly observe: Observe
  /**
   * Which upgrades a listener of the server handles; all others are answered as ordinary requests
   * (RFC 9110, section 7.8). Default: none.
   */
  readonly takesUpgrade?: (request: IncomingMessage) => boolean
  /** Milliseconds until a request that does not arrive whole is given up. Default 30,000. */
  readonly requestTimeoutMs?: number
}

const REQUEST_TIMEOUT_MS = 30_000
const MAX_PARAMETER_LENGTH = 512

/** An application and what it knows beside its options. */
interface App extends AppOptions {
  readonly responders: Responders
  /** True from the moment at which it is being closed. */
  isStopping: boolean
}

export function createApp(options: AppOptions): FastifyInstance {
  const responders = respondersOf(options.mounts, options.observe)
  const own: App = { ...options, responders, isStopping: false }
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    // Fastify's 10 s would end a start on a machine that is busy, as many are when they have booted.
    pluginTimeout: 0,
    serverFactory: (handler) =>
      createHttpServer(handler, {
        requestTimeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
        takesUpgrade: options.takesUpgrade ?? (() => false),
        refuse: (failure, head) => refuseUnread(own, failure, head),
        clock: options.clock,
      }),
    // The server above does that, in the form of the surfaces.
    clientErrorHandler: () => undefined,
    // Made when it is asked for: see `AppRequest`.
    genReqId: () => '',
    // Queries are read by the surfaces: a name that comes twice must stay visible.
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH, querystringParser: () => ({}) },
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      void refuseByPath(own, failureOf(error), request, reply)
    },
  })
  app.removeAllContentTypeParsers()
  // By the first two names the usual ones are found without being parsed.
  const types = ['application/json', 'application/x-www-form-urlencoded', '*']
  app.addContentTypeParser(types, { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body)
  })
  for (const method of METHODS) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
  }
  for (const mount of options.mounts) {
    for (const route of mount.surface.routes) mountRoute(app, own, mount, route)
  }
  app.setNotFoundHandler((request, reply) => refuseUnrouted(own, request, reply))
  app.setErrorHandler((error, request, reply) =>
    refuseByPath(own, failureOf(error), request, reply),
  )
  app.addHook('preClose', (done) => {
    own.isStopping = true
    done()
  })
  return app
}

function mountRoute(app: FastifyInstance, own: App, mount: MountedSurface, route: Route): void {
  const { surface } = mount
  const responder = own.responders.of(mount, route)
  // What is known at once is answered at once: a promise would cost a check a tenth of its time.
  const handler = (
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> | undefined => {
    const surfaceRequest = new AppRequest(request, own)
    let answer: Answer | Promise<Answer>
    try {
      answer = own.isStopping
        ? surface.renderFailure({ kind: 'stopping' }, surfaceRequest)
        : route.handle(surfaceRequest)
    } catch (error) {
      answer = renderError(own, surface, error, surfaceRequest)
    }
    if (answer instanceof Promise) {
      return answer
        .catch((error: unknown) => renderError(own, surface, error, surfaceRequest))
        .then((later) => send(own, responder, surfaceRequest, reply, later))
    }
    send(own, responder, surfaceRequest, reply, answer)
    return undefined
  }
  app.route({
    method: [...methodsOf(surface, route)],
    url: mount.prefix + route.path,
    ...(mount.host === undefined ? {} : { constraints: { host: mount.host } }),
    ...(route.bodyLimitBytes === undefined ? {} : { bodyLimit: route.bodyLimitBytes }),
    errorHandler: (error, request, reply) => {
      const surfaceRequest = new AppRequest(request, own)
      const answer = renderError(own, surface, error, surfaceRequest)
      void send(own, responder, surfaceRequest, reply, answer)
    },
    // Answered before Fastify reads the body, where the route wants none.
    ...(route.anyMethod === true ? { onRequest: handler } : {}),
    handler,
  })
}

function renderError(
  options: AppOptions,
  surface: Surface,
  error: unknown,
  request: SurfaceRequest,
): Answer {
  const failure = failureOf(error)
  logFailure(options.log, failure, error, request.requestId)
  const answer = surface.renderFailure(failure, request)
  const receipt = failure.kind === 'token_revoked' ? failure.receipt : undefined
  return receipt === undefined ? answer : { ...answer, receipt }
}

function logFailure(log: Log, failure: Failure, error: unknown, id: string): void {
  if (failure.kind === 'internal') {
    const stack = error instanceof Error && !(error instanceof Refusal) ? error.stack : undefined
    log.error({ requestId: id, reason: failure.reason, stack }, 'request failed')
  } else if (failure.kind === 'store_unavailable') {
    log.error({ requestId: id, reason: failure.reason }, 'store unavailable')
  }
}

/**
 * A path or method without a route: what is there at most, or the refusal of the surface that owns
 * the path.
 */
function refuseUnrouted(own: App, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const place = { path: pathOf(request.url), host: request.host }
  const found = methodsAt(own.mounts, place)
  const allow = inOrder([...found.values()].flat())
  if (allow.length === 0) return refuseByPath(own, { kind: 'not_found' }, request, reply)
  if (request.method !== 'OPTIONS') {
    return refuseByPath(own, { kind: 'method_not_allowed', allow }, request, reply)
  }
  // Before a call from a page: the answer is that of the surface that has the method.
  const wanted = request.headers['access-control-request-method'] ?? ''
  const mount = [...found.keys()].find((one) => found.get(one)?.includes(wanted) === true)
  const answer = { status: 204, headers: { allow: [...allow, 'OPTIONS'].join(', ') } }
  const responder = own.responders.unrouted(mount ?? [...found.keys()][0])
  return send(own, responder, new AppRequest(request, own), reply, answer)
}

/** Answers for requests that no route took: in the form of the surface that owns the path. */
function refuseByPath(
  own: App,
  failure: Failure,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const surfaceRequest = new AppRequest(request, own)
  logFailure(own.log, failure, undefined, surfaceRequest.requestId)
  const owner = ownerOf(own.mounts, { path: surfaceRequest.path, host: request.host })
  const responder = own.responders.unrouted(owner)
  const refusal = refusalOf(responder, failure, surfaceRequest)
  const mayBePage = failure.kind === 'not_found' && owner?.module.kind !== 'dialect'
  const answer = mayBePage ? notFoundFor(surfaceRequest, refusal) : refusal
  return send(own, responder, surfaceRequest, reply, answer)
}

/** As `refuseByPath`, for what never became a request. */
function refuseUnread(own: App, failure: Failure, head: RequestHead | undefined): Answer {
  const request = unreadRequest(head, own.publicUrl)
  const host = head?.headers.host ?? ''
  const owner = head && ownerOf(own.mounts, { path: request.path, host })
  const responder = own.responders.unrouted(owner)
  const answer = refusalOf(responder, failure, request)
  responder.observe(request, answer.status, 0)
  const headers = Object.assign({}, ...responder.headersOf(request, answer, own.isStopping))
  return { ...answer, headers }
}

function refusalOf({ surface }: Responder, failure: Failure, request: SurfaceRequest): Answer {
  return surface === undefined ? problemAnswer(failure) : surface.renderFailure(failure, request)
}

function send(
  own: App,
  responder: Responder,
  request: AppRequest,
  reply: FastifyReply,
  answer: Answer,
): FastifyReply {
  writeAnswer(reply, answer, responder.headersOf(request, answer, own.isStopping))
  responder.observe(request, answer.status, own.clock.monotonicMs() - request.startedMs)
  return reply
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
    `a part of the path is longer than ${String(MAX_PARAMETER_LENGTH)} characters`,
  ],
  ['FST_ERR_BAD_URL', 'the path is not percent-encoded as it should be'],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 'the body is not as long as Content-Length says'],
])

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? ''
}
