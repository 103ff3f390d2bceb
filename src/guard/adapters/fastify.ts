/** The guard for Fastify: an `onRequest` hook for routes, plugins or the whole server. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Guard } from '../options.ts'
import { decisionOf, rememberClaims, type ProtectOptions } from './decide.ts'
import { endWhenRevoked, singleBearer } from './node.ts'

export { claimsOf } from './decide.ts'
export { protectUpgrade } from './node.ts'

export interface FastifyProtectOptions extends ProtectOptions {
  /** Where the token is. Default: the `Authorization` header. */
  readonly tokenOf?: (request: FastifyRequest) => string | undefined
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
export function protect(
  guard: Guard,
  options: FastifyProtectOptions = {},
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  const { tokenOf = (request) => singleBearer(request.raw) } = options
  return async function outrightGuard(request, reply) {
    const token = tokenOf(request)
    const verdict = guard.checkNow(token, options) ?? (await guard.check(token, options))
    const decision = decisionOf(verdict, options)
    if (!decision.ok) {
      const { status, headers, body } = decision.challenge
      return reply.code(status).headers(headers).send(body)
    }
    rememberClaims(request, decision.claims)
    endWhenRevoked(guard, decision.claims, reply.raw, options)
    return undefined
  }
}
