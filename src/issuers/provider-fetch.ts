import type { Exchange } from '../receivers/exchange.ts'

export interface ProviderFetchOptions {
  /** The `iss` of the provider, which the configuration names. */
  readonly issuer: string
  /** Sends to the provider's own origin: the operator has named it, so it may be anywhere. */
  readonly toOwnOrigin: Exchange
  /** Sends where its metadata lead. */
  readonly elsewhere: Exchange
}

/** There was no answer from the provider. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

interface FetchInit {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

/**
 * A `fetch` that goes by the rules of deliveries: no redirects, no addresses that are not listed,
 * within bounds; without TLS nowhere but to the provider's own origin.
 */
export function providerFetch({
  issuer,
  toOwnOrigin,
  elsewhere,
}: ProviderFetchOptions): (url: string, init: FetchInit) => Promise<Response> {
  const own = new URL(issuer).origin
  return async (url, { method, headers, body, signal }) => {
    const { origin, protocol } = new URL(url)
    const isOwn = origin === own
    if (protocol !== 'https:' && !isOwn) throw new TypeError('its metadata names an http URL')
    if (method !== 'GET' && method !== 'POST') throw new TypeError(`it cannot be sent ${method}`)
    if (signal === undefined) throw new TypeError('a call needs an end')
    const answer = await (isOwn ? toOwnOrigin : elsewhere)(url, {
      method,
      headers,
      signal,
      ...(body instanceof URLSearchParams ? { body: body.toString() } : {}),
    })
    if (answer.kind !== 'answer') throw new Unreachable(answer.error)
    const { status, text } = answer
    if (status >= 500) throw new Unreachable(`it answered ${String(status)}`)
    const type = answer.headers['content-type']
    return new Response(text === '' ? null : text, {
      status,
      headers: type === undefined ? {} : { 'content-type': type },
    })
  }
}
