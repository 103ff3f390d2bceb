/** One HTTP call to the admin API, and what can go wrong with it. */
import { ADMIN_PREFIX, type WireProblem } from '../protocol/admin-api.ts'
import { ApiError, ConnectionError } from './errors.ts'

export type ClientOptions = CallerOptions & CommonOptions

/** Who calls. */
export type CallerOptions =
  /** With the admin token. */
  | { readonly token: string; readonly cookie?: never }
  /** In a page of the server's own: the operator who signed in, by the cookie of the browser. */
  | { readonly cookie: true; readonly token?: never }

interface CommonOptions {
  /** Where the server is, such as `https://auth.example`. */
  readonly server: string
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch
  /**
   * Milliseconds until an answer must have begun; default 30000. A revocation is confirmed within
   * one lease of the slowest guard, which is far less.
   */
  readonly timeoutMs?: number
}

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

export interface Transport {
  /** Calls and reads the body as JSON. */
  json<T>(method: string, path: string, options?: CallOptions): Promise<T>
  /** Calls and leaves the body to be read as it arrives. */
  open(method: string, path: string, options?: CallOptions): Promise<Response>
}

const DEFAULT_TIMEOUT_MS = 30_000

/** @throws {TypeError} Where the server's address is not an http(s) URL. */
export function createTransport(options: ClientOptions): Transport {
  const { fetch: send = fetch, timeoutMs = DEFAULT_TIMEOUT_MS } = options
  const base = baseOf(options.server)
  // A form of another site sends the cookie as well, and cannot send this header.
  const caller: Record<string, string> =
    options.token === undefined
      ? { 'outright-request': 'console' }
      : { authorization: `Bearer ${options.token}` }

  async function open(method: string, path: string, call: CallOptions = {}): Promise<Response> {
    const url = new URL(base + path)
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const late = new AbortController()
    const timer = setTimeout(() => {
      late.abort(new Error(`no answer within ${String(timeoutMs / 1000)} s`))
    }, timeoutMs)
    const signals = call.signal === undefined ? [late.signal] : [late.signal, call.signal]
    let response: Response
    try {
      response = await send(url, {
        method,
        headers: {
          ...caller,
          ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...call.headers,
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        credentials: options.token === undefined ? 'same-origin' : 'omit',
        signal: AbortSignal.any(signals),
        // The token goes to the server that was named, and to no other.
        redirect: 'error',
      })
    } catch (error) {
      throw connectionError(base, error)
    } finally {
      clearTimeout(timer)
    }
    if (!response.ok) throw new ApiError(await readProblem(response))
    return response
  }

  return {
    open,
    async json<T>(method: string, path: string, call?: CallOptions) {
      const response = await open(method, path, call)
      try {
        return (await response.json()) as T
      } catch (error) {
        throw connectionError(base, error)
      }
    },
  }
}

function baseOf(server: string): string {
  const url = URL.parse(server)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new TypeError(`Cannot use server "${server}": not an http or https URL`)
  }
  return url.origin + url.pathname.replace(/\/+$/, '') + ADMIN_PREFIX
}

/** Says what failed below `fetch`, whose own message is only "fetch failed". */
export function connectionError(server: string, error: unknown): ConnectionError {
  const outer = error as { readonly message?: string; readonly cause?: unknown }
  const cause = outer.cause as { readonly code?: string; readonly message?: string } | undefined
  const reason = cause?.code ?? cause?.message ?? outer.message ?? 'unknown'
  const { origin } = new URL(server)
  return new ConnectionError(origin, reason, { cause: error })
}

async function readProblem(response: Response): Promise<WireProblem> {
  const { status } = response
  try {
    const body = (await response.json()) as Partial<WireProblem> | null
    if (typeof body?.type === 'string' && typeof body.title === 'string') {
      return { detail: body.title, ...body, status } as WireProblem
    }
  } catch {
    // Whatever answered, it is not the admin API; the status is all there is to say.
  }
  const title = `the server answered ${String(status)}`
  return { type: 'about:blank', title, status, detail: title }
}
