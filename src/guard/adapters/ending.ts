/**
 * How the adapters on Node end what a request has begun when its token is revoked: answers that are
 * still being sent, what HTTP/2 has pushed beside them, and connections that have changed their
 * protocol. Only types are Node's: Hono's adapter loads this on every runtime.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { TokenClaims } from '../../verifier/claims.ts'
import type { Guard } from '../options.ts'
import { defaultGraceMs } from './decide.ts'

export type { IncomingMessage, ServerResponse } from 'node:http'

/** A request of HTTP/1 or HTTP/2. */
export type NodeRequest = IncomingMessage | Http2ServerRequest
export type NodeResponse = ServerResponse | Http2ServerResponse

/** Code of the close frame that a WebSocket behind a middleware gets, where nothing else is said. */
export const defaultCloseCode = 4401

interface EndingOptions {
  readonly graceMs?: number
  readonly closeCode?: number
}

/**
 * Hands a request on whose token is good, and ends what it has begun when what the claims name is
 * revoked.
 */
export function handOn(
  guard: Guard,
  claims: TokenClaims,
  request: NodeRequest,
  response: NodeResponse,
  options: EndingOptions,
  next: () => unknown,
): void {
  // What HTTP/2 pushes must be known from the start.
  const isFirst = 'stream' in response
  if (isFirst) endWhenRevoked(guard, claims, request, response, options)
  try {
    next()
  } finally {
    // Not before: nothing was revoked meanwhile, and many an answer is over by now.
    if (!isFirst) endWhenRevoked(guard, claims, request, response, options)
  }
}

/**
 * Ends what a request has begun when what the claims name is revoked: an upgraded connection and an
 * answer that is streaming at once, an answer that has not begun after a while, so that the answer
 * of a logout itself still goes out.
 */
export function endWhenRevoked(
  guard: Guard,
  claims: TokenClaims,
  request: NodeRequest,
  response: NodeResponse | undefined,
  options: EndingOptions,
): void {
  // Node hands an upgrade to the listener for upgrades, which runs it through the middlewares as if
  // it were a request. Its answer has then been sent, or never will be: there is only the socket.
  if (isUpgrade(request)) {
    const socket: Duplex | null = request.socket ?? response?.socket
    const { closeCode = defaultCloseCode } = options
    if (socket) endUpgradeWhenRevoked(guard, claims, request, socket, closeCode)
    return
  }
  if (response) endAnswerWhenRevoked(guard, claims, response, options)
}

/** Node says so of requests that it has handed to listeners of `upgrade`, and of no other. */
function isUpgrade(request: NodeRequest): request is IncomingMessage {
  return 'upgrade' in request && request.upgrade === true
}

function endAnswerWhenRevoked(
  guard: Guard,
  claims: TokenClaims,
  response: NodeResponse,
  { graceMs = defaultGraceMs }: EndingOptions,
): void {
  if (isOver(response)) return
  if ('stream' in response) endPushedWhenRevoked(guard, claims, response.stream)
  let timer: NodeJS.Timeout | undefined
  const unwatch = guard.watch(claims, () => {
    if (hasBegun(response) || graceMs <= 0) destroyAnswer(response)
    else
      timer = setTimeout(() => {
        destroyAnswer(response)
      }, graceMs).unref()
  })
  // It comes once; `once` would wrap the listener for nothing.
  response.on('close', () => {
    clearTimeout(timer)
    unwatch()
  })
}

/**
 * Whether an answer has begun, in Node's words. A framework may put a `headersSent` of its own over
 * them: that of @fastify/express is false for whatever Fastify sends.
 */
export function hasBegun(response: NodeResponse): boolean {
  let owner: unknown = Object.getPrototypeOf(response)
  while (owner !== null) {
    const words = Reflect.getOwnPropertyDescriptor(owner as object, 'headersSent')?.get
    if (words) return response.headersSent || words.call(response) === true
    owner = Object.getPrototypeOf(owner)
  }
  return response.headersSent
}

/** The response of HTTP/2's compatibility layer cannot be destroyed, its stream can. */
function destroyAnswer(response: NodeResponse): void {
  if ('stream' in response) response.stream.destroy()
  else response.destroy()
}

/** Closed, or handed to the system as a whole; Node calls that finished a turn later. */
function isOver(response: NodeResponse): boolean {
  if ('stream' in response) return response.stream.destroyed
  return response.closed || (response.writableEnded && response.writableLength === 0)
}

/**
 * What is pushed beside an answer is a stream of its own, which its answer's end does not end. Only
 * clients that allow it, which are few, make this cost anything.
 */
function endPushedWhenRevoked(guard: Guard, claims: TokenClaims, stream: ServerHttp2Stream): void {
  if (!stream.pushAllowed) return
  const pushStream = stream.pushStream.bind(stream)
  stream.pushStream = (...pushed: unknown[]) => {
    const callback = pushed.pop() as (error: Error | null, push: ServerHttp2Stream) => void
    const watching = (error: Error | null, push: ServerHttp2Stream, ...rest: unknown[]): void => {
      if (push)
        push.once(
          'close',
          guard.watch(claims, () => {
            push.destroy()
          }),
        )
      Reflect.apply(callback, undefined, [error, push, ...rest])
    }
    Reflect.apply(pushStream, undefined, [...pushed, watching])
  }
}

/**
 * Ends an upgraded connection when what the claims name is revoked.
 *
 * @param closeCode Of the close frame that a WebSocket is sent first; undefined for none.
 */
export function endUpgradeWhenRevoked(
  guard: Guard,
  claims: TokenClaims,
  request: IncomingMessage,
  socket: Duplex,
  closeCode: number | undefined,
): void {
  if (socket.destroyed) return
  const unwatch = guard.watch(claims, () => {
    endUpgraded(request, socket, closeCode)
  })
  socket.once('close', unwatch)
}

/** How long a close frame may take to be written. */
const closeFrameMs = 1000

/**
 * Destroys the socket of an upgrade. Where it is a WebSocket and a code is given, a close frame is
 * sent first: code that writes whole frames is between two of them whenever another turn begins,
 * and a close frame may stand between the fragments of a message (section 5.4). Nothing more is
 * read: what the other end sends from now on is discarded.
 */
function endUpgraded(
  request: IncomingMessage,
  socket: Duplex,
  closeCode: number | undefined,
): void {
  const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket'
  // Before the answer to the upgrade has been written there is no WebSocket to speak to.
  const hasBegun = 'bytesWritten' in socket && Number(socket.bytesWritten) > 0
  if (closeCode === undefined || !isWebSocket || !hasBegun) {
    socket.destroy()
    return
  }
  socket.removeAllListeners('data')
  // Read and dropped: what stands unread when a socket is closed makes TCP reset it, and the other
  // end might lose the frame.
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), closeFrameMs).unref()
  // Nothing can be written after it.
  socket.end(Uint8Array.of(0x88, 0x02, closeCode >> 8, closeCode & 0xff), () => {
    clearTimeout(timer)
    socket.destroy()
  })
}
