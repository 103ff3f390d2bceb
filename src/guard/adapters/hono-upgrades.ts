/**
 * Hono's WebSockets where there is nothing but web standards. What a runtime has upgraded, a
 * middleware can neither see nor end: so the events say that they are watched, or the upgrade is
 * refused.
 */
import type { Context } from 'hono'
import type { WSContext, WSEvents } from 'hono/ws'
import type { TokenClaims } from '../../verifier/claims.ts'
import type { Guard } from '../options.ts'
import { check } from '../check-options.ts'
import { closeCodeOfStandards } from './decide.ts'
import { defaultCloseCode } from './ending.ts'

/** Set on the context of a request whose WebSocket will be ended. */
const watchedKey = Symbol('outright.watched')

interface MaybeWatched {
  [watchedKey]?: boolean
}

export interface UpgradeProtectOptions {
  /** Of the close frame that the client gets: 1000 or from 3000 to 4999. Default 4401. */
  readonly closeCode?: number
}

/**
 * Wraps what Hono's `upgradeWebSocket` is given, so that the WebSocket is closed when the token is
 * revoked, and later messages are discarded. `protect` has to let the request in before. On Node
 * `protect` alone is enough.
 *
 * @example
 *   app.get(
 *     '/echo',
 *     protect(guard),
 *     upgradeWebSocket(
 *       protectUpgrade(guard, () => ({
 *         onMessage: (event, socket) => socket.send(String(event.data)),
 *       })),
 *     ),
 *   )
 */
export function protectUpgrade<T = unknown>(
  guard: Guard,
  createEvents: (context: Context) => WSEvents<T> | Promise<WSEvents<T>>,
  options: UpgradeProtectOptions = {},
): (context: Context) => Promise<WSEvents<T>> {
  check('protect', options, { closeCode: closeCodeOfStandards })
  const { closeCode = defaultCloseCode } = options
  return async (context) => {
    const claims = context.get('claims') as TokenClaims | undefined
    if (!claims) throw new Error('Cannot guard WebSocket: `protect` has not let this request in')
    const events = await createEvents(context)
    const target = context as MaybeWatched
    target[watchedKey] = true
    return watchedEvents(guard, claims, events, closeCode)
  }
}

function watchedEvents<T>(
  guard: Guard,
  claims: TokenClaims,
  events: WSEvents<T>,
  closeCode: number,
): WSEvents<T> {
  let unwatch = (): void => undefined
  let ended = false
  return {
    onOpen(event, socket) {
      unwatch = guard.watch(claims, () => {
        ended = true
        end(socket, closeCode)
      })
      events.onOpen?.(event, socket)
    },
    onMessage(event, socket) {
      if (!ended) return events.onMessage?.(event, socket)
    },
    onClose(event, socket) {
      unwatch()
      events.onClose?.(event, socket)
    },
    onError(event, socket) {
      events.onError?.(event, socket)
    },
  }
}

function end<T>(socket: WSContext<T>, closeCode: number): void {
  socket.close(closeCode, 'The token has been revoked')
}

/** What Bun's server has, beside much else. */
interface Upgrading {
  upgrade: (...parameters: unknown[]) => unknown
}

/**
 * Refuses an upgrade that is not watched, before it happens: once a runtime has changed the
 * protocol, no answer can undo it. Hono's helper of every runtime looks at the header first, but
 * for Bun's, which calls the server.
 */
export function refuseUnwatchedCalls(context: Context): void {
  const { req } = context
  const header = req.header.bind(req) as (name?: string) => unknown
  req.header = ((name?: string) => {
    if (name?.toLowerCase() === 'upgrade') refuseUnless(context)
    return header(name)
  }) as typeof req.header
  const env = context.env as { server?: unknown } | undefined
  const server = env && 'server' in env ? env.server : env
  if (!isUpgrading(server)) return
  const guarded = new Proxy(server, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...parameters: unknown[]): unknown => {
        if (name === 'upgrade') refuseUnless(context)
        return Reflect.apply(value, target, parameters)
      }
    },
  })
  context.env = server === env ? guarded : { ...env, server: guarded }
}

function isUpgrading(server: unknown): server is Upgrading {
  return (
    typeof server === 'object' &&
    server !== null &&
    'upgrade' in server &&
    typeof server.upgrade === 'function'
  )
}

/**
 * @throws {Error} Where the protocol was changed all the same, and the connection cannot be ended.
 */
export function refuseUnwatched(context: Context): void {
  if (context.res.status !== 101) return
  // Its end on the server's side is in the application's hands from the start, and opens untold.
  if ('webSocket' in context.res && context.res.webSocket) throw new Error(onWorkers)
  refuseUnless(context)
}

function refuseUnless(context: Context): void {
  if (!(context as MaybeWatched)[watchedKey]) throw new Error(unwatched)
}

const unwatched =
  'Cannot let WebSocket in: it would not end with its token. Wrap its events: ' +
  'upgradeWebSocket(protectUpgrade(guard, (context) => ({ … }))) as outright/guard/hono has it'

const onWorkers =
  'Cannot let WebSocket in: it would not end with its token. On Workers check the token in the handler ' +
  '(guard.check), make the WebSocketPair there, and end it yourself (guard.watch)'
