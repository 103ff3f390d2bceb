/**
 * The HTTP/1.1 server below the application. It owns what happens on a connection before a request
 * is one: the order of requests that were sent in one write, how long a peer may take, and what it
 * is told that sends no HTTP.
 */
import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Failure } from '../domain/failure.ts'
import type { Clock } from '../ports/clock.ts'
import type { Answer } from './surface.ts'
import { headIn, type RequestHead } from './unread-request.ts'

export interface HttpServerOptions {
  /** Milliseconds until a request that has not arrived whole, or has not begun, is given up. */
  readonly requestTimeoutMs: number
  readonly takesUpgrade: (request: IncomingMessage) => boolean
  /**
   * Answers a request that cannot be read, in the form of the surface that owns the path where it
   * is known.
   */
  readonly refuse: (failure: Failure, head: RequestHead | undefined) => Answer
  readonly clock: Clock
}

/** Longer than proxies keep theirs, so that it is they who close. */
const KEEP_ALIVE_MS = 72_000
/** Late requests are looked for this often. Node's default of 30 s would double what is written. */
const CHECK_MS = 1000
/** Requests that may wait behind one of their connection. */
const MAX_WAITING = 256
/** How long a peer that was refused may take to read why. */
const READ_REFUSAL_MS = 1000

/** What is known of a connection. */
interface Lane {
  /** The request that came last, and its answer. */
  request: IncomingMessage
  response: ServerResponse
  waiting: number
}

export function createHttpServer(handler: RequestListener, options: HttpServerOptions): Server {
  const lanes = new WeakMap<Duplex, Lane>()
  const server = createServer(
    {
      // Proxies pass on that a browser wants a WebSocket, clients in Java that they speak HTTP/2.
      shouldUpgradeCallback: options.takesUpgrade,
      requestTimeout: options.requestTimeoutMs,
      headersTimeout: options.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(CHECK_MS, options.requestTimeoutMs),
      keepAliveTimeout: KEEP_ALIVE_MS,
      // `withHost` refuses in its place, in the form of the dialect.
      requireHostHeader: false,
    },
    oneByOne(withHost(handler, options.refuse), lanes),
  )
  answerHalfClosed(server, lanes)
  // What is expected but for `100-continue` (RFC 9110, section 10.1.1) may be ignored. Node would
  // answer 417, without the dialect; nginx makes a 500 of that when it asks whether to let one in.
  server.on('checkExpectation', (request, response) => {
    server.emit('request', request, response)
  })
  const refused = new WeakSet<Duplex>()
  server.on('clientError', (error: ParserError, socket) => {
    // The parser stumbles again over whatever follows.
    if (refused.has(socket)) return
    refused.add(socket)
    refuseUnread(error, socket, lanes.get(socket), options)
  })
  return server
}

/**
 * Answers what came before a peer has closed its side alone (`shutdown`, as `nc -N` and some health
 * checks do), and closes behind the last answer. Node would drop the answers: a logout would be
 * done and not confirmed. A peer that has gone looks the same until something is sent to it, so a
 * stream that has begun ends as ever, and its place is free at once. Where Node does not know the
 * switch, which it does not document, everything is as it would be without.
 */
function answerHalfClosed(server: Server, lanes: WeakMap<Duplex, Lane>): void {
  Object.assign(server, { httpAllowHalfOpen: true })
  server.on('connection', (socket: Socket) => {
    socket.on('end', () => {
      const response = lanes.get(socket)?.response
      if (response?.headersSent === true && !response.writableEnded) socket.end()
    })
  })
}

/** Refuses HTTP/1.1 without the Host header that it must have (RFC 9112, section 3.2). */
function withHost(handler: RequestListener, refuse: HttpServerOptions['refuse']): RequestListener {
  return (request, response) => {
    if (request.headers.host !== undefined || request.httpVersion === '1.0') {
      handler(request, response)
      return
    }
    const reason = 'HTTP/1.1 requires a Host header'
    answerUnread(response, refuse({ kind: 'malformed_request', reason }, headOf(request)))
  }
}

/**
 * Handles the requests of a connection one after the other. A request that was sent behind another
 * one may rely on what that one did: a check behind a logout must not overtake it, nor must a
 * logout what was sent before it (RFC 9112, section 9.3.2, which lets safe ones go together; that
 * is not worth telling them apart, since DirectLink logs out by GET).
 */
function oneByOne(handler: RequestListener, lanes: WeakMap<Duplex, Lane>): RequestListener {
  return (request, response) => {
    const socket: Socket = request.socket
    const lane = lanes.get(socket)
    if (lane === undefined) {
      lanes.set(socket, { request, response, waiting: 0 })
      handler(request, response)
      return
    }
    const previous = lane.response
    lane.request = request
    lane.response = response
    if (isOver(previous)) {
      handler(request, response)
      return
    }
    if (lane.waiting >= MAX_WAITING) {
      socket.destroy()
      return
    }
    lane.waiting++
    previous.once('close', () => {
      lane.waiting--
      if (!socket.destroyed) handler(request, response)
    })
  }
}

function isOver(response: ServerResponse): boolean {
  return response.destroyed || response.writableFinished
}

type ParserError = Error & {
  readonly code?: string
  readonly rawPacket?: Buffer
  readonly bytesParsed?: number
}

function refuseUnread(
  error: ParserError,
  socket: Duplex,
  lane: Lane | undefined,
  options: HttpServerOptions,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const failure = failureOf(error)
  if (lane !== undefined && !lane.request.complete) {
    // The head was good, and the handler may be waiting for the body: this is that request's
    // answer.
    const { request, response } = lane
    if (response.headersSent || response.writableEnded) socket.destroy()
    else answerUnread(response, options.refuse(failure, headOf(request)))
    return
  }
  const head = error.rawPacket && headIn(error.rawPacket, error.bytesParsed ?? 0)
  const answer = options.refuse(failure, head)
  const write = (): void => {
    if (socket.writable) socket.end(written(answer, options.clock, head?.method !== 'HEAD'))
    // Only closing would make the peer's system drop the answer, where more of the peer's is unread.
    options.clock.after(READ_REFUSAL_MS, () => {
      socket.destroy()
    })
  }
  // An answer that is still owed comes first: the refusal must not be taken for it.
  if (lane === undefined || isOver(lane.response)) write()
  else lane.response.once('close', write)
}

/** Answers a request that no surface gets to see, and closes its connection. */
function answerUnread(response: ServerResponse, answer: Answer): void {
  const bytes = bytesOf(answer)
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-length': bytes.length,
    connection: 'close',
  })
  response.end(bytes)
}

function failureOf({ code }: ParserError): Failure {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { kind: 'headers_too_large' }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { kind: 'request_timeout' }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { kind: 'payload_too_large' }
    default:
      return { kind: 'malformed_request', reason: 'it is not HTTP/1.1' }
  }
}

function headOf({ method = '', url = '', headers }: IncomingMessage): RequestHead {
  return { method, url, headers }
}

/** An answer as bytes, for a connection on which no request was made. */
function written(answer: Answer, clock: Clock, withBody: boolean): Buffer {
  const { status, headers = {} } = answer
  const bytes = bytesOf(answer)
  const lines = [
    `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`,
    `date: ${new Date(clock.nowMs()).toUTCString()}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${String(bytes.length)}`,
    'connection: close',
  ]
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  return withBody ? Buffer.concat([head, bytes]) : head
}

/** No failure streams. */
function bytesOf({ body }: Answer): Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body) ? Buffer.from(body) : Buffer.alloc(0)
}
