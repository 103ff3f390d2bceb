/** The guard for Hono, on any runtime: a middleware that sets the variable `claims`. */
import type { Context, MiddlewareHandler, Next } from 'hono'
import type { TokenClaims } from '../../verifier/claims.ts'
import type { Guard } from '../options.ts'
import {
  bearerToken,
  challengeFor,
  checkProtectOptions,
  decide,
  defaultGraceMs,
  provenToken,
  readingBy,
  type Challenge,
  type ProtectOptions,
  type Reading,
} from './decide.ts'
import { endWhenRevoked, type IncomingMessage, type ServerResponse } from './ending.ts'
import { endingAnswer } from './hono-answers.ts'
import { refuseUnwatched, refuseUnwatchedCalls } from './hono-upgrades.ts'

export { protectUpgrade, type UpgradeProtectOptions } from './hono-upgrades.ts'

/** For `new Hono<GuardEnv>()`: lets `context.get('claims')` know its type. */
export interface GuardEnv {
  Variables: { claims: TokenClaims }
}

export interface HonoProtectOptions extends ProtectOptions {
  /** Where the token is. Default: the `Authorization` header. */
  readonly tokenOf?: (context: Context) => string | undefined
  /**
   * Whether the body of an answer is a stream that must end when the token is revoked. Default: all
   * that is not complete at once. Not asked on Node, where the connection itself is ended.
   */
  readonly isStream?: (answer: Response) => boolean
  /** Node alone: code of the close frame that a WebSocket gets. Default 4401. */
  readonly closeCode?: number
}

/** What `@hono/node-server` and `@hono/node-ws` hand on; an upgrade has no answer. */
interface NodeBindings {
  readonly incoming: IncomingMessage
  readonly outgoing?: ServerResponse
}

const honoReading: Reading<Context> = {
  tokenOf: ({ req }) => bearerToken(req.header('authorization')),
  provenOf: ({ req }) =>
    provenToken(req.raw, req.header('authorization'), () => ({
      jwt: req.header('dpop'),
      method: req.method,
      path: new URL(req.url).pathname,
    })),
}

/**
 * Makes a middleware that lets requests with a good token in and answers all others. What is still
 * open when the token is revoked is ended: answers that are still being sent, and WebSockets (which
 * on other runtimes than Node need {@link protectUpgrade}, and are refused without it).
 *
 * @example
 *   app.get('/orders', protect(guard), (context) =>
 *     context.json({ for: context.get('claims').sub }),
 *   )
 */
export function protect(
  guard: Guard,
  options: HonoProtectOptions = {},
): MiddlewareHandler<GuardEnv> {
  checkProtectOptions(options, true)
  const reading = options.tokenOf ? readingBy(options.tokenOf) : honoReading
  return async function outrightGuard(context, next) {
    const found = decide(guard, context as Context, reading, options)
    const decision = found instanceof Promise ? await found : found
    if (!decision.ok) return answerOf(decision.challenge)
    const { claims } = decision
    context.set('claims', claims)
    if (!isOnNode(context.env)) return runOnStandards(guard, claims, context, next, options)
    const { incoming, outgoing } = context.env
    const handled = next()
    endWhenRevoked(guard, claims, incoming, outgoing, options)
    return handled
  }
}

async function runOnStandards(
  guard: Guard,
  claims: TokenClaims,
  context: Context,
  next: Next,
  options: HonoProtectOptions,
): Promise<Response | undefined> {
  const { raw, method } = context.req
  if (raw.headers.get('upgrade')?.toLowerCase() === 'websocket') refuseUnwatchedCalls(context)
  const isCutOff = await handledInTime(guard, claims, next(), options.graceMs ?? defaultGraceMs)
  if (isCutOff) return answerOf(challengeFor('revoked', options))
  refuseUnwatched(context)
  const { isStream = () => true } = options
  // An answer to HEAD has no body that is read, so nothing would end the watch.
  if (method !== 'HEAD' && context.res.status !== 101 && isStream(context.res)) {
    const ending = await endingAnswer(guard, claims, context.res)
    // Assigning once more would merge the headers with themselves.
    context.res = undefined
    context.res = ending
  }
  return undefined
}

/** Waits for a handler, but for one whose token is revoked meanwhile not longer than the grace. */
function handledInTime(
  guard: Guard,
  claims: TokenClaims,
  handled: Promise<void>,
  graceMs: number,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const unwatch = guard.watch(claims, () => {
      timer = setTimeout(resolve, Math.max(0, graceMs), true)
    })
    const settle = (then: () => void) => (): void => {
      unwatch()
      clearTimeout(timer)
      then()
    }
    handled.then(
      settle(() => {
        resolve(false)
      }),
      (error: Error) => {
        settle(() => {
          reject(error)
        })()
      },
    )
  })
}

function isOnNode(env: unknown): env is NodeBindings {
  return (
    typeof env === 'object' &&
    env !== null &&
    'incoming' in env &&
    typeof env.incoming === 'object' &&
    env.incoming !== null &&
    'socket' in env.incoming
  )
}

function answerOf({ status, headers, body }: Challenge): Response {
  return new Response(body, { status, headers })
}
