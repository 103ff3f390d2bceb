/** The live stream of revocations: Server-Sent Events, followed across broken connections. */
import type { WireNamedRevocation } from '../protocol/admin-api.ts'
import { ApiError, ConnectionError } from './errors.ts'
import { readLines } from './lines.ts'
import { connectionError, type Transport } from './transport.ts'

export interface RevocationEvent {
  /** The place in the log behind this event; `after` of a later call. */
  readonly id: string
  readonly revocation: WireNamedRevocation
}

export interface EventOptions {
  /** `id` of the last event that was seen; default: begin now. */
  readonly after?: string
  /** Ends the iteration. */
  readonly signal?: AbortSignal
  /** Called when the connection is there, at first and again after each break. */
  readonly onConnected?: () => void
  /** Called when it broke off; it is tried again after so many milliseconds. */
  readonly onLost?: (error: ConnectionError, retryMs: number) => void
}

const FIRST_RETRY_MS = 250
const MAX_RETRY_MS = 10_000

/**
 * Follows the stream until the signal ends it. What a broken connection missed comes when it is
 * there again; nothing comes twice.
 *
 * @throws {ConnectionError} Where the first connection fails.
 * @throws {ApiError} Where the server refuses.
 */
export async function* followEvents(
  transport: Transport,
  server: string,
  options: EventOptions,
): AsyncGenerator<RevocationEvent, void, undefined> {
  const { signal, onConnected, onLost } = options
  let after = options.after
  let connectedOnce = false
  let retryMs = FIRST_RETRY_MS
  while (!isAborted(signal)) {
    try {
      const headers = after === undefined ? {} : { 'last-event-id': after }
      const response = await transport.open('GET', '/events', { headers, signal })
      onConnected?.()
      connectedOnce = true
      retryMs = FIRST_RETRY_MS
      for await (const event of readEvents(response)) {
        if (event.id !== undefined) after = event.id
        if (event.revocation === undefined || after === undefined) continue
        yield { id: after, revocation: event.revocation }
      }
      throw new Error('the server ended the stream')
    } catch (error) {
      if (isAborted(signal)) return
      if (!connectedOnce || isRefusal(error)) throw error
      const lost = error instanceof ConnectionError ? error : connectionError(server, error)
      onLost?.(lost, retryMs)
      await pause(retryMs, signal)
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS)
    }
  }
}

/** Asked anew each time: the signal may have been aborted while something was awaited. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted ?? false
}

/** What a retry cannot solve. A server that is just starting or stopping answers 5xx. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status < 500
}

interface ReadEvent {
  readonly id: string | undefined
  readonly revocation: WireNamedRevocation | undefined
}

/** Reads events as the HTML standard, section 9.2.6, has them; comments are heartbeats. */
async function* readEvents(response: Response): AsyncGenerator<ReadEvent, void, undefined> {
  if (response.body === null) return
  let id: string | undefined
  let name = ''
  let data: string[] = []
  for await (const raw of readLines(response.body)) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
    if (line === '') {
      if (id !== undefined || data.length > 0) {
        const isRevocation = name === 'revocation' && data.length > 0
        yield {
          id,
          revocation: isRevocation
            ? (JSON.parse(data.join('\n')) as WireNamedRevocation)
            : undefined,
        }
      }
      id = undefined
      name = ''
      data = []
      continue
    }
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'id') id = value
    else if (field === 'event') name = value
    else if (field === 'data') data.push(value)
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
}
