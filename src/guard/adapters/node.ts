/** The guard for `node:http`: requests, streaming answers and WebSocket upgrades. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TokenClaims } from '../../verifier/claims.ts'
import type { Guard } from '../options.ts'
import {
  bearerToken,
  checkProtectOptions,
  decide,
  provenToken,
  readingBy,
  rememberClaims,
  type Challenge,
  type Decision,
  type ProtectOptions,
  type Reading,
} from './decide.ts'
import {
  endUpgradeWhenRevoked,
  endWhenRevoked,
  handOn,
  hasBegun,
  type NodeRequest,
} from './ending.ts'

export { claimsOf } from './decide.ts'
export type { ProtectOptions } from './decide.ts'

export interface NodeProtectOptions extends ProtectOptions {
  /** Where the token is. Default: the `Authorization` header. */
  readonly tokenOf?: (request: IncomingMessage) => string | undefined
  /**
   * Code of the close frame (RFC 6455, section 5.5.1) that a WebSocket is sent before it is
   * destroyed, such as 4401 or 1008. Only for what writes whole frames to the socket, as `ws` and
   * what is built on it do: behind something that passes bytes through as they come, the frame
   * would land within another. Default: 4401 where a middleware lets the upgrade in; none for
   * `protectUpgrade`, so that the other end sees 1006.
   */
  readonly closeCode?: number
}

const none: NodeProtectOptions = Object.freeze({})

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
  options: NodeProtectOptions = none,
): Promise<TokenClaims | undefined> {
  if (options !== none) checkProtectOptions(options)
  const found = decide(guard, request, readingOf(options), options)
  const claims = admit(found instanceof Promise ? await found : found, request, response)
  if (claims) endWhenRevoked(guard, claims, request, response, options)
  return claims
}

/** A listener for requests that were let in. */
export type ProtectedListener = (
  request: IncomingMessage,
  response: ServerResponse,
  claims: TokenClaims,
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
  options: NodeProtectOptions = none,
): RequestListener {
  checkProtectOptions(options)
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
  next: (claims: TokenClaims) => unknown,
): void {
  const letInBy = (decision: Decision): void => {
    const claims = admit(decision, request, response)
    if (claims) handOn(guard, claims, request, response, options, () => next(claims))
  }
  const found = decide(guard, request, readingOf(options), options)
  if (found instanceof Promise) void found.then(letInBy)
  else letInBy(found)
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
  options: NodeProtectOptions = none,
): Promise<TokenClaims | undefined> {
  if (options !== none) checkProtectOptions(options)
  // No other code listens yet, and a reset while the token is checked must not end the process.
  const ignore = (): void => undefined
  socket.on('error', ignore)
  const found = decide(guard, request, readingOf(options), options)
  const decision = found instanceof Promise ? await found : found
  if (!decision.ok) {
    socket.end(rawAnswer(decision.challenge))
    return undefined
  }
  if (socket.destroyed) return undefined
  rememberClaims(request, decision.claims)
  endUpgradeWhenRevoked(guard, decision.claims, request, socket, options.closeCode)
  return decision.claims
}

/** Lets a request in whose token was accepted; answers any other. */
function admit(
  decision: Decision,
  request: IncomingMessage,
  response: ServerResponse,
): TokenClaims | undefined {
  if (!decision.ok) {
    refuse(decision.challenge, request, response)
    return undefined
  }
  rememberClaims(request, decision.claims)
  return decision.claims
}

function refuse(challenge: Challenge, request: IncomingMessage, response: ServerResponse): void {
  const { status, headers, body } = challenge
  // The application has answered while the token was checked, after a timeout for example.
  if (hasBegun(response)) {
    if (!response.writableEnded) response.destroy()
    return
  }
  // Not in one chain: the answer that express-ws plays returns nothing from the first.
  response.writeHead(status, headers)
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** Where a request of Node's has its token, where nothing else is said. */
export const nodeReading: Reading<NodeRequest> = {
  tokenOf: (request) => bearerToken(singleAuthorization(request)),
  provenOf: (request) =>
    provenToken(request, singleAuthorization(request), () => ({
      jwt: request.headers['dpop'] as string | undefined,
      method: request.method ?? '',
      path: pathOf(request),
    })),
}

/** As it was called: a router has taken what it is mounted at from `url`. */
function pathOf(request: NodeRequest & { readonly originalUrl?: string }): string {
  return request.originalUrl ?? request.url ?? ''
}

/** None where the header was sent twice: Node keeps the first, something before it the last. */
function singleAuthorization({ headers, rawHeaders }: NodeRequest): string | undefined {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    if (name.length === 13 && name.toLowerCase() === 'authorization') count++
  }
  return count > 1 ? undefined : headers.authorization
}

function readingOf({ tokenOf }: NodeProtectOptions): Reading<IncomingMessage> {
  return tokenOf ? readingBy(tokenOf) : nodeReading
}

function rawAnswer({ status, headers, body }: Challenge): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}` +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  )
}
