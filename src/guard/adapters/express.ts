/** The guard for Express: a middleware for routes, routers or the whole application. */
import type { Request } from 'express'
import type { Guard } from '../options.ts'
import { checkProtectOptions } from './decide.ts'
import type { IncomingMessage, ServerResponse } from './ending.ts'
import { letIn, type NodeProtectOptions } from './node.ts'

export { claimsOf, protectUpgrade } from './node.ts'

export interface ExpressProtectOptions extends Omit<NodeProtectOptions, 'tokenOf'> {
  /** Where the token is. Default: the `Authorization` header. */
  readonly tokenOf?: (request: Request) => string | undefined
}

/**
 * A middleware of Express 4 or 5. It names no types of Express's, so that those of the route's
 * parameters are inferred from its path, as they are without it.
 */
export type ExpressGuard = (
  request: IncomingMessage,
  response: ServerResponse,
  next: () => void,
) => void

/**
 * Makes a middleware that lets requests with a good token in and answers all others. What is still
 * open when the token is revoked is ended: an answer, or a WebSocket of express-ws, where the
 * middleware stands before it with `app.use`.
 *
 * @example
 *   app.get('/orders', protect(guard, { scope: 'orders' }), (request, response) => {
 *     response.json({ for: claimsOf(request).sub })
 *   })
 */
export function protect(guard: Guard, options: ExpressProtectOptions = {}): ExpressGuard {
  checkProtectOptions(options)
  const { tokenOf, ...others } = options
  const nodeOptions: NodeProtectOptions = tokenOf
    ? { ...others, tokenOf: (request) => tokenOf(request as Request) }
    : others
  return function outrightGuard(request, response, next) {
    if (!('rawHeaders' in request)) throw new TypeError(routeOfSockets)
    letIn(guard, request, response, nodeOptions, () => {
      next()
    })
  }
}

const routeOfSockets =
  'Cannot guard: app.ws() of express-ws passes (socket, request) instead of (request, response). Put the ' +
  "guard before it: app.use('/path', protect(guard))"
