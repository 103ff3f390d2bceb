/** The feed over WebSockets: upgrade, credential, limits. One connection to the hub for each. */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type RawData, type ServerOptions, type WebSocket } from 'ws'
import {
  closeCodes,
  credentialSubprotocolPrefix,
  feedLimits,
  feedPath,
  commonFeedVersion,
  feedSubprotocolOf,
  feedVersionOf,
  feedVersions,
} from '../protocol/feed.ts'
import { Refusal } from '../domain/failure.ts'
import type { Clock } from '../ports/clock.ts'
import { binaryMessages } from './binary-message.ts'
import type { FeedConnection } from './connection.ts'
import type { FeedHub } from './hub-types.ts'
import { Strangers } from './strangers.ts'

export interface FeedSocketsOptions {
  readonly hub: FeedHub
  /**
   * Whose credential it is; undefined for an unknown one. Never called with an empty one. Rejecting
   * with `credentials_invalid` refuses it too; with anything else it could not be looked up.
   */
  readonly authenticate: (
    credential: string,
    connection: CredentialHolder,
  ) => string | undefined | Promise<string | undefined>
  /** What is spoken here, the newest first. Default: all that this release knows. */
  readonly versions?: readonly number[]
  readonly clock: Clock
  /** The caller's address behind trusted proxies; default: the socket's. */
  readonly addressOf?: (request: IncomingMessage) => string
  /** Who holds an address: connections without a good credential are counted by it. */
  readonly holderOfAddress?: (address: string) => string
}

interface FeedContext extends FeedSocketsOptions {
  readonly messageOf: (payload: Uint8Array) => Buffer
}

/** How long the other side may take to close what was ended from here, in milliseconds. */
const CLOSE_MS = 1000

/** A connection, as the code that checked its credential sees it. */
export interface CredentialHolder {
  /** Closes it, as where the credential had been refused. */
  readonly drop: () => void
  /** Calls back once, when it is closed. */
  readonly onClosed: (listener: () => void) => void
}

export interface FeedSockets {
  /** Takes an upgrade if it is for the feed; false leaves it to others. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
}

/**
 * Makes the handler of WebSocket upgrades. A credential that is not known is answered inside the
 * WebSocket, by close code 4401, because clients are not shown the status of a refused upgrade.
 */
export function createFeedSockets(options: FeedSocketsOptions): FeedSockets {
  const { versions = feedVersions } = options
  const context: FeedContext = { ...options, messageOf: binaryMessages() }
  const strangers = new Strangers()
  // Its types do not know `closeTimeout` yet.
  const serverOptions: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    maxPayload: feedLimits.guardFrameBytes,
    perMessageDeflate: false,
    // A peer that does not answer the close frame is cut off. The default of 30 s would let any
    // peer hold memory.
    closeTimeout: CLOSE_MS,
    handleProtocols: (offered) => {
      const version = commonFeedVersion(offered, versions)
      return version === undefined ? false : feedSubprotocolOf(version)
    },
  }
  const sockets = new WebSocketServer(serverOptions)
  return {
    upgrade(request, socket, head) {
      if (pathOf(request) !== feedPath) return false
      if (commonFeedVersion(offeredProtocols(request), versions) === undefined) {
        const spoken = versions.map(feedSubprotocolOf).join(', ')
        const why = `None of the subprotocols that are spoken here is offered: ${spoken}\n`
        refuseUpgrade(context, socket, '400 Bad Request', 'Content-Type: text/plain', why)
        return true
      }
      const address = options.addressOf?.(request) ?? request.socket.remoteAddress ?? ''
      const holder = options.holderOfAddress?.(address) ?? address
      const isNoStranger = strangers.admit(socket, holder)
      if (isNoStranger === undefined) {
        refuseUpgrade(context, socket, '503 Service Unavailable', 'Retry-After: 1')
        return true
      }
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        void welcome(context, webSocket, { request, address, isNoStranger })
      })
      return true
    },
  }
}

/**
 * Whether an upgrade is for the feed. A server that leaves all others alone answers them as it
 * answers any request (RFC 9110, section 7.8).
 */
export function isFeedUpgrade(request: IncomingMessage): boolean {
  return pathOf(request) === feedPath && /\bwebsocket\b/i.test(request.headers.upgrade ?? '')
}

/** Serves the feed on an HTTP server that takes no upgrades but those of {@link isFeedUpgrade}. */
export function attachFeed(server: Server, options: FeedSocketsOptions): void {
  const feed = createFeedSockets(options)
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!feed.upgrade(request, socket, head)) socket.destroy()
  })
}

/**
 * Answers an upgrade, and ends the connection. The HTTP server has handed it over, with its
 * listener for errors and its timeouts: a peer that resets it would end the process, and one that
 * does not close its side would hold it for ever.
 */
function refuseUpgrade(
  { clock }: FeedContext,
  socket: Duplex,
  status: string,
  header: string,
  body = '',
): void {
  const length = `Content-Length: ${String(body.length)}`
  const head = [`HTTP/1.1 ${status}`, 'Connection: close', header, length]
  socket.on('error', () => undefined)
  // Only closing would make the peer's system drop the answer, where more of the peer's is unread.
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  const cancel = clock.after(CLOSE_MS, () => socket.destroy())
  socket.once('close', cancel)
}

interface Stranger {
  readonly request: IncomingMessage
  readonly address: string
  readonly isNoStranger: () => void
}

async function welcome(context: FeedContext, socket: WebSocket, stranger: Stranger): Promise<void> {
  // Frames may arrive while the credential is looked up; the first of them is all that can be.
  const early: Uint8Array[] = []
  const keep = (data: RawData): void => {
    if (early.length < 4) early.push(frameOf(data))
  }
  socket.on('message', keep)
  // A socket without a listener for errors would end the process.
  socket.on('error', () => undefined)
  const holder = await holderOf(context, socket, stranger.request)
  if (holder === undefined) {
    socket.close(closeCodes.credentialRefused, 'the credential is missing or not known')
    return
  }
  if (holder === 'not-told') {
    socket.close(closeCodes.notReady, 'the credential cannot be looked up at the moment')
    return
  }
  if (socket.readyState !== socket.OPEN) return
  stranger.isNoStranger()
  socket.off('message', keep)
  const { frame, closed } = context.hub.accept(
    connectionOf(context, socket, stranger, holder.guard),
  )
  socket.on('message', (data) => {
    frame(frameOf(data))
  })
  socket.on('close', closed)
  for (const bytes of early) frame(bytes)
}

async function holderOf(
  options: FeedSocketsOptions,
  socket: WebSocket,
  request: IncomingMessage,
): Promise<{ readonly guard: string } | 'not-told' | undefined> {
  const credential = credentialOf(request)
  if (!credential) return undefined
  try {
    const guard = await options.authenticate(credential, {
      drop: () => {
        socket.close(closeCodes.credentialRefused, 'the credential is no longer good')
      },
      onClosed: (listener) => {
        if (socket.readyState === socket.CLOSED) listener()
        else socket.once('close', listener)
      },
    })
    return guard === undefined ? undefined : { guard }
  } catch (error) {
    // What could not be looked up is not wrong: the guard shall try again with it.
    const refused = error instanceof Refusal && error.failure.kind === 'credentials_invalid'
    return refused ? undefined : 'not-told'
  }
}

function connectionOf(
  context: FeedContext,
  socket: WebSocket,
  { request, address }: Stranger,
  guard: string,
): FeedConnection {
  const version = feedVersionOf(socket.protocol)
  return {
    send: (bytes) => {
      // Past `ws`, which would make the same message for every guard, and two writes of it. Without
      // compression it writes whole messages, and at once: none can be torn by another.
      if (socket.readyState === socket.OPEN) request.socket.write(context.messageOf(bytes))
    },
    close: (code, reason) => {
      socket.close(code, reason)
      // A guard that does not answer the close frame is cut off; `ws` waits 30 s, which holds memory.
      if (code === closeCodes.silent || code === closeCodes.tooSlow) socket.terminate()
    },
    get bufferedBytes() {
      return request.socket.writableLength
    },
    guard,
    ...(address === '' ? {} : { address }),
    ...(version === undefined ? {} : { version }),
  }
}

/** `Authorization: Bearer …`, or a subprotocol entry where a client cannot set headers. */
function credentialOf(request: IncomingMessage): string | undefined {
  const bearer = /^Bearer +([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return bearer
  const entry = offeredProtocols(request).find((name) =>
    name.startsWith(credentialSubprotocolPrefix),
  )
  if (entry === undefined) return undefined
  return Buffer.from(entry.slice(credentialSubprotocolPrefix.length), 'base64url').toString('utf8')
}

function offeredProtocols(request: IncomingMessage): readonly string[] {
  return (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? ''
}

function frameOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}
