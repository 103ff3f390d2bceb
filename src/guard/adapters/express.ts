/** The guard for Express: a middleware for routes, routers or the whole application. */
import type { NextFunction, Request, RequestHandler, Response } from 'express'
import type { Guard } from '../options.ts'
import { letIn, type NodeProtectOptions } from './node.ts'

export { claimsOf, protectUpgrade } from './node.ts'
export type { NodeProtectOptions as ExpressProtectOptions } from './node.ts'

/**
 * Makes a middleware that lets requests with a good token in and answers all others. An answer that
 * is still open when the token is revoked is ended.
 *
 * @example
 *   app.get('/orders', protect(guard, { scope: 'orders' }), (request, response) => {
 *     response.json({ for: claimsOf(request).sub })
 *   })
 */
export function protect(guard: Guard, options: NodeProtectOptions = {}): RequestHandler {
  return function outrightGuard(request: Request, response: Response, next: NextFunction): void {
    letIn(guard, request, response, options, () => {
      next()
    })
  }
}
