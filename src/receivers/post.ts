/** One POST to a receiver, and what its answer means for the delivery. */
import type { SendOutcome } from '../ports/delivery.ts'

export interface PostRequest {
  readonly headers: Readonly<Record<string, string>>
  /** JSON text. */
  readonly body: string
  readonly signal: AbortSignal
  readonly nowMs: number
}

/** The message itself is at fault, so the same one will not be taken later either. */
const NEVER: ReadonlySet<number> = new Set([400, 405, 410, 413, 415, 422])

/**
 * Posts JSON. 2xx means that it was taken. Everything else may change, because somebody mends a
 * server or its configuration, except for what says that the message is wrong.
 */
export async function postJson(
  fetch: typeof globalThis.fetch,
  url: string,
  { headers, body, signal, nowMs }: PostRequest,
): Promise<SendOutcome> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      // A receiver that moved is to be configured anew, not followed to wherever.
      redirect: 'manual',
      signal,
    })
    await response.body?.cancel()
    const { status } = response
    if (response.ok) return { kind: 'delivered' }
    if (NEVER.has(status)) return { kind: 'refused', error: `it answered ${String(status)}` }
    const retryAfterMs = readRetryAfter(response.headers.get('retry-after'), nowMs)
    return {
      kind: 'again',
      error: `it answered ${String(status)}`,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }
  } catch (error) {
    return { kind: 'again', error: wordsFor(error) }
  }
}

/** RFC 9110, section 10.2.3: seconds, or a date. */
function readRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs)
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it closed the connection',
  UND_ERR_SOCKET: 'it closed the connection',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'its name cannot be looked up now',
  EHOSTUNREACH: 'there is no way to its host',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
}

/** What failed, without the address, which may hold a secret. */
function wordsFor(error: unknown): string {
  const code = codeOf(error)
  if (code === undefined) return 'the connection failed'
  return WORDS[code] ?? `the connection failed (${code})`
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  return codeOf(error.cause)
}
