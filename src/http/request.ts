import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { ClientAddresses } from './client-address.ts'
import type { Clock } from '../ports/clock.ts'
import type { SurfaceRequest } from './surface.ts'

export interface RequestOptions {
  readonly clock: Clock
  readonly publicUrl: string
  readonly addresses: ClientAddresses
}

const SANE_REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/
const RESPOND_ASYNC = /(?:^|,)\s*respond-async\s*(?:[;,]|$)/i

/** The caller's `X-Request-Id` where it is harmless in a log, a new one otherwise. */
export function requestId(raw: { readonly headers: IncomingMessage['headers'] }): string {
  const given = raw.headers['x-request-id']
  return typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : randomUUID()
}

/** A surface's view of Fastify's request. Each part is computed on first use. */
export class AppRequest implements SurfaceRequest {
  /** When it had been read, on the monotonic clock. */
  readonly startedMs: number
  readonly #request: FastifyRequest
  readonly #options: RequestOptions
  #query: URLSearchParams | undefined

  constructor(request: FastifyRequest, options: RequestOptions) {
    this.#request = request
    this.#options = options
    this.startedMs = options.clock.monotonicMs()
  }

  get method(): string {
    return this.#request.method
  }

  get path(): string {
    const { url } = this.#request
    const mark = url.indexOf('?')
    return mark < 0 ? url : url.slice(0, mark)
  }

  get params(): Readonly<Record<string, string>> {
    return (this.#request.params ?? {}) as Readonly<Record<string, string>>
  }

  get query(): URLSearchParams {
    if (this.#query === undefined) {
      const { url } = this.#request
      const mark = url.indexOf('?')
      this.#query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
    }
    return this.#query
  }

  header(name: string): string | undefined {
    const value = this.#request.raw.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  headerCount(name: string): number {
    const { rawHeaders } = this.#request.raw
    let count = 0
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const header = rawHeaders[index] ?? ''
      if (header.length === name.length && header.toLowerCase() === name) count++
    }
    return count
  }

  get body(): Buffer {
    return Buffer.isBuffer(this.#request.body) ? this.#request.body : Buffer.alloc(0)
  }

  get clientAddress(): string {
    const { socket, headers } = this.#request.raw
    return this.#options.addresses.of(socket.remoteAddress ?? '', headers)
  }

  get requestId(): string {
    // Kept with Fastify's request, of which there may be several views.
    return (this.#request.id ||= requestId(this.#request.raw))
  }

  get publicUrl(): string {
    return this.#options.publicUrl
  }

  get waitForConfirmation(): boolean {
    const prefer = this.header('prefer')
    return prefer === undefined || !RESPOND_ASYNC.test(prefer)
  }
}
