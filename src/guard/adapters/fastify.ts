/** The guard for Fastify: an `onRequest` hook for routes, plugins or the whole server. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Guard } from '../options.ts'
import { decisionOf, rememberClaims, whenDecided, type ProtectOptions } from './decide.ts'
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
): (request: FastifyRequest, reply: FastifyReply, done: () => void) => void {
  const { tokenOf = (request) => singleBearer(request.raw) } = options
  return function outrightGuard(request, reply, done) {
    whenDecided(guard, tokenOf(request), options, (verdict) => {
      const decision = decisionOf(verdict, options)
      if (decision.ok) {
        rememberClaims(request, decision.claims)
        done()
        // Not before: nothing was revoked meanwhile, and many an answer is over by now.
        endWhenRevoked(guard, decision.claims, reply.raw, options)
      } else {
        const { status, headers, body } = decision.challenge
        void reply.code(status).headers(headers).send(body)
      }
    })
  }
}
