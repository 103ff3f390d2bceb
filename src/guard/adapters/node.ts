/** The guard for `node:http`: requests, streaming answers and WebSocket upgrades. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { AccessClaims } from '../../verifier/claims.ts'
import type { Verdict } from '../../verifier/verdict.ts'
import type { Guard } from '../options.ts'
import {
  bearerToken,
  decisionOf,
  defaultGraceMs,
  rememberClaims,
  whenDecided,
  type Challenge,
  type ProtectOptions,
} from './decide.ts'

export { claimsOf } from './decide.ts'
export type { ProtectOptions } from './decide.ts'

export interface NodeProtectOptions extends ProtectOptions {
  /** Where the token is. Default: the `Authorization` header. */
  readonly tokenOf?: (request: IncomingMessage) => string | undefined
}

export interface UpgradeProtectOptions extends NodeProtectOptions {
  /**
   * Code of the close frame (RFC 6455, section 5.5.1) that a WebSocket is sent before it is
   * destroyed, such as 4401 or 1008. Only for what writes whole frames to the socket, as `ws` and
   * what is built on it do: behind something that passes bytes through as they come, the frame
   * would land within another. Default: none, so that the other end sees 1006.
   */
  readonly closeCode?: number
}

/**
 * Lets a request in, or answers it. An answer that is still open when the token is revoked is
 * ended.
 *
 * @example
 *   const server = createServer(async (request, response) => {
 *     const claims = await protect(guard, request, response)
 *     if (claims) response.end(`Hello ${claims.sub}`)
 *   })
 *
 * @returns The token's claims; undefined where the request has been answered.
 */
export async function protect(
  guard: Guard,
  request: IncomingMessage,
  response: ServerResponse,
  options: NodeProtectOptions = {},
): Promise<AccessClaims | undefined> {
  const token = tokenFrom(request, options)
  const verdict = guard.checkNow(token, options) ?? (await guard.check(token, options))
  const claims = admit(verdict, request, response, options)
  if (claims) endWhenRevoked(guard, claims, response, options)
  return claims
}

/** A listener for requests that were let in. */
export type ProtectedListener = (
  request: IncomingMessage,
  response: ServerResponse,
  claims: AccessClaims,
) => unknown

/**
 * Makes a listener for `createServer` that hands on the requests with a good token and answers all
 * others: {@link protect} without a promise where the token is known, so the fastest way to guard a
 * whole server.
 *
 * @example
 *   const server = createServer(
 *     protectListener(guard, (request, response, claims) => response.end(`Hello ${claims.sub}`)),
 *   )
 *
 * @param listener Called for each request that is let in. What it throws or rejects with is treated
 *   as if Node had called it.
 */
export function protectListener(
  guard: Guard,
  listener: ProtectedListener,
  options: NodeProtectOptions = {},
): RequestListener {
  return function outrightGuard(request, response) {
    letIn(guard, request, response, options, (claims) => listener(request, response, claims))
  }
}

/** Hands on a request that is let in, at once where its token is known; answers any other. */
export function letIn(
  guard: Guard,
  request: IncomingMessage,
  response: ServerResponse,
  options: NodeProtectOptions,
  next: (claims: AccessClaims) => unknown,
): void {
  whenDecided(guard, tokenFrom(request, options), options, (verdict) => {
    const claims = admit(verdict, request, response, options)
    if (!claims) return
    try {
      next(claims)
    } finally {
      // Not before: nothing was revoked meanwhile, and many an answer is over by now.
      endWhenRevoked(guard, claims, response, options)
    }
  })
}

/**
 * Lets a WebSocket upgrade in, or refuses it and closes the socket. The socket is destroyed when
 * the token is revoked.
 *
 * @example
 *   server.on('upgrade', async (request, socket, head) => {
 *     const claims = await protectUpgrade(guard, request, socket)
 *     if (claims) sockets.handleUpgrade(request, socket, head, serve)
 *   })
 *
 * @returns The token's claims; undefined where the upgrade has been refused.
 */
export async function protectUpgrade(
  guard: Guard,
  request: IncomingMessage,
  socket: Duplex,
  options: UpgradeProtectOptions = {},
): Promise<AccessClaims | undefined> {
  // Nobody else listens yet, and a reset while the token is checked must not end the process.
  const ignore = (): void => undefined
  socket.on('error', ignore)
  const token = tokenFrom(request, options)
  const verdict = guard.checkNow(token, options) ?? (await guard.check(token, options))
  const decision = decisionOf(verdict, options)
  if (!decision.ok) {
    socket.end(rawAnswer(decision.challenge))
    return undefined
  }
  if (socket.destroyed) return undefined
  rememberClaims(request, decision.claims)
  const unwatch = guard.watch(decision.claims, () => {
    endUpgraded(request, socket, options.closeCode)
  })
  socket.once('close', unwatch)
  return decision.claims
}

/** How long a close frame may take to be written. */
const closeFrameMs = 1000

/**
 * Destroys the socket of an upgrade. Where it is a WebSocket and a code is given, it says so first:
 * whoever writes whole frames is between two of them whenever another turn begins, and a close
 * frame may stand between the fragments of a message (section 5.4). Nothing more is read: what the
 * other end sends from now on reaches nobody.
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

/** Lets a request in whose token was accepted; answers any other. */
function admit(
  verdict: Verdict,
  request: IncomingMessage,
  response: ServerResponse,
  options: NodeProtectOptions,
): AccessClaims | undefined {
  const decision = decisionOf(verdict, options)
  if (!decision.ok) {
    const { status, headers, body } = decision.challenge
    response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body)
    return undefined
  }
  rememberClaims(request, decision.claims)
  return decision.claims
}

/**
 * Ends an answer when what the claims name is revoked: at once where it is streaming, after a while
 * where it has not begun, so that the answer of a logout itself still goes out.
 */
export function endWhenRevoked(
  guard: Guard,
  claims: AccessClaims,
  response: ServerResponse,
  { graceMs = defaultGraceMs }: Pick<ProtectOptions, 'graceMs'>,
): void {
  if (response.closed || isSent(response)) return
  let timer: NodeJS.Timeout | undefined
  const unwatch = guard.watch(claims, () => {
    if (response.headersSent || graceMs <= 0) response.destroy()
    else timer = setTimeout(() => response.destroy(), graceMs).unref()
  })
  response.on('close', () => {
    clearTimeout(timer)
    unwatch()
  })
}

/** Whether all of an answer has been handed to the system; Node calls it finished a turn later. */
function isSent(response: ServerResponse): boolean {
  return response.writableEnded && response.writableLength === 0
}

/** None where the header was sent twice: Node keeps the first, something before it the last. */
export function singleBearer({ headers, rawHeaders }: IncomingMessage): string | undefined {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    if (name.length === 13 && name.toLowerCase() === 'authorization') count++
  }
  return count > 1 ? undefined : bearerToken(headers.authorization)
}

function tokenFrom(request: IncomingMessage, options: NodeProtectOptions): string | undefined {
  return options.tokenOf ? options.tokenOf(request) : singleBearer(request)
}

function rawAnswer({ status, headers, body }: Challenge): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}` +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  )
}
