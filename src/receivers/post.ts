/** One POST of JSON to a receiver, and what its answer means for the delivery. */
import type { SendOutcome } from '../ports/delivery.ts'
import { createExchange, outcomeOf, type ExchangeOptions } from './exchange.ts'

export interface PostRequest {
  readonly headers: Readonly<Record<string, string>>
  /** JSON text, unless a header says what else it is. */
  readonly body: string
  readonly signal: AbortSignal
}

/**
 * Posts JSON. 2xx means that it was taken. Everything else may change, because a server or its
 * configuration may be corrected, except for what says that the message is wrong.
 *
 * @param url An `http` or `https` URL.
 */
export type Post = (url: string, request: PostRequest) => Promise<SendOutcome>

export interface PostOptions extends ExchangeOptions {
  readonly nowMs: () => number
}

export function createPost({ nowMs, ...options }: PostOptions): Post {
  const exchange = createExchange(options)
  return async (url, { headers, body, signal }) => {
    const json = { 'content-type': 'application/json', ...headers }
    const answer = await exchange(url, { method: 'POST', headers: json, body, signal })
    return answer.kind === 'answer' ? outcomeOf(answer, nowMs()) : answer
  }
}
