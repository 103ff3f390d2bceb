/** The guard for Fastify: an `onRequest` hook for routes, plugins or the whole server. */
import type { FastifyRequest } from 'fastify'
import type { Guard } from '../options.ts'
import {
  checkProtectOptions,
  decide,
  readingBy,
  rememberClaims,
  type Decision,
  type ProtectOptions,
  type Reading,
} from './decide.ts'
import { handOn, type NodeRequest, type NodeResponse } from './ending.ts'
import { nodeReading } from './node.ts'

export { claimsOf } from './decide.ts'
export { protectUpgrade } from './node.ts'

export interface FastifyProtectOptions<
  Request extends AnyRequest = FastifyRequest,
> extends ProtectOptions {
  /** Where the token is. Default: the `Authorization` header. */
  readonly tokenOf?: (request: Request) => string | undefined
  /** Code of the close frame that a WebSocket of `@fastify/websocket` gets. Default 4401. */
  readonly closeCode?: number
}

/** Fastify's request over HTTP/1 or HTTP/2, TLS or not: as much of it as is used here. */
interface AnyRequest {
  readonly raw: NodeRequest
}

/** Fastify's reply, the same way. */
interface AnyReply {
  readonly raw: NodeResponse
  code(status: number): AnyReply
  headers(values: Readonly<Record<string, string>>): AnyReply
  send(body: string): unknown
}

const fastifyReading: Reading<AnyRequest> = {
  tokenOf: ({ raw }) => nodeReading.tokenOf(raw),
  provenOf: ({ raw }) => nodeReading.provenOf(raw),
}

/**
 * Makes an `onRequest` hook that lets requests with a good token in and answers all others, before
 * a body is read. An answer that is still open when the token is revoked is ended.
 *
 * @example
 *   app.get('/orders', { onRequest: protect(guard, { scope: 'orders' }) }, (request) => ({
 *     for: claimsOf(request).sub,
 *   }))
 */
export function protect<Request extends AnyRequest = FastifyRequest>(
  guard: Guard,
  options: FastifyProtectOptions<Request> = {},
): (request: AnyRequest, reply: AnyReply, done: () => void) => void {
  checkProtectOptions(options)
  const { tokenOf } = options
  const reading = tokenOf
    ? readingBy((request: AnyRequest) => tokenOf(request as Request))
    : fastifyReading
  return function outrightGuard(request, reply, done) {
    const letInBy = (decision: Decision): void => {
      if (decision.ok) {
        rememberClaims(request, decision.claims)
        handOn(guard, decision.claims, request.raw, reply.raw, options, done)
      } else {
        const { status, headers, body } = decision.challenge
        reply.code(status).headers(headers).send(body)
      }
    }
    const found = decide(guard, request, reading, options)
    if (found instanceof Promise) void found.then(letInBy)
    else letInBy(found)
  }
}
