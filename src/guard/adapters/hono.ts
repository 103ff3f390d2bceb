/** The guard for Hono, on any runtime: a middleware that sets the variable `claims`. */
import type { Context, MiddlewareHandler } from 'hono'
import type { AccessClaims } from '../../verifier/claims.ts'
import type { Guard } from '../options.ts'
import { bearerToken, decisionOf, type ProtectOptions } from './decide.ts'

/** For `new Hono<GuardEnv>()`: lets `context.get('claims')` know its type. */
export interface GuardEnv {
  Variables: { claims: AccessClaims }
}

export interface HonoProtectOptions extends Omit<ProtectOptions, 'graceMs'> {
  /** Where the token is. Default: the `Authorization` header. */
  readonly tokenOf?: (context: Context) => string | undefined
  /**
   * Whether the body of an answer is a stream that must end when the token is revoked. Default:
   * event streams, and answers that Hono's streaming helpers made.
   */
  readonly isStream?: (answer: Response) => boolean
}

/**
 * Makes a middleware that lets requests with a good token in and answers all others. Streaming
 * answers end when the token is revoked.
 *
 * @example
 *   app.get('/orders', protect(guard, { scope: 'orders' }), (context) =>
 *     context.json({ for: context.get('claims').sub }),
 *   )
 */
export function protect(
  guard: Guard,
  options: HonoProtectOptions = {},
): MiddlewareHandler<GuardEnv> {
  const { tokenOf = (context) => bearerToken(context.req.header('authorization')) } = options
  const { isStream = looksLikeStream } = options
  return async function outrightGuard(context, next) {
    const token = tokenOf(context)
    const verdict = guard.checkNow(token, options) ?? (await guard.check(token, options))
    const decision = decisionOf(verdict, options)
    if (!decision.ok) {
      const { status, headers, body } = decision.challenge
      return new Response(body, { status, headers })
    }
    context.set('claims', decision.claims)
    await next()
    if (isStream(context.res)) {
      const ending = endingStream(guard, decision.claims, context.res)
      // Assigning once more would merge the headers with themselves.
      context.res = undefined
      context.res = ending
    }
    return undefined
  }
}

function looksLikeStream({ headers }: Response): boolean {
  return (
    headers.get('content-type')?.startsWith('text/event-stream') === true ||
    headers.get('transfer-encoding') === 'chunked'
  )
}

/**
 * The same answer, whose body ends when what the claims name is revoked. An event stream ends as if
 * it were over, and its client will try again; anything else breaks off, so that nobody takes a
 * part for the whole.
 */
function endingStream(guard: Guard, claims: AccessClaims, answer: Response): Response {
  const { body } = answer
  if (!body) return answer
  const isEventStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true
  let unwatch = (): void => undefined
  const through = new TransformStream<Uint8Array, Uint8Array>({
    start(controller) {
      unwatch = guard.watch(claims, () => {
        if (isEventStream) controller.terminate()
        else controller.error(new Error('The token has been revoked'))
      })
    },
  })
  body.pipeTo(through.writable).then(unwatch, unwatch)
  return new Response(through.readable, answer)
}
