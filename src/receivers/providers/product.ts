/** What the products have in common: the shape of each file, tokens to call with, and answers. */
import { defined } from '../../domain/defined.ts'
import type { Scope } from '../../domain/scope.ts'
import type { SendOutcome } from '../../ports/delivery.ts'
import type { Members } from '../../settings/schema.ts'
import { outcomeOf, retryAfter, type Answer, type Exchange, type NoAnswer } from '../exchange.ts'

/** What ended here. */
export interface ProviderEnd {
  readonly scope: Scope
  readonly key: string
  readonly atMs: number
}

/** Tells a provider of one end. */
export type Tell = (end: ProviderEnd, signal: AbortSignal) => Promise<SendOutcome>

export interface ProviderWorld {
  /** `iss` of the provider. */
  readonly issuer: string
  /** Where its API is: see {@link Product.api}. */
  readonly api: string
  readonly exchange: Exchange
  readonly nowMs: () => number
}

/** How to notify a product. */
export interface Product<Settings extends { readonly kind: string }> {
  /** The scopes that it has a call for; it is not notified of others. */
  readonly scopes: readonly Scope[]
  readonly options: Members<Omit<Settings, 'kind'>>
  /** What people call it. */
  readonly title: string
  /** Where the API is that it is told by. */
  api(settings: Settings, issuer: string): string
  connect(settings: Settings, world: ProviderWorld): Tell
}

/** One call with a token: `authorization` is added. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export type CallApi = (call: Call, signal: AbortSignal) => Promise<Answer | NoAnswer>

/** Calls with a token that never changes: one that an administrator has made. */
export function withToken(exchange: Exchange, authorization: string): CallApi {
  return ({ method, url, headers = {}, body }, signal) =>
    exchange(url, {
      method,
      headers: { accept: 'application/json', authorization, ...headers },
      ...defined({ body }),
      signal,
    })
}

export interface TokenRequest {
  readonly url: string
  /** A form. */
  readonly form: () => Promise<Readonly<Record<string, string>>>
}

/** The form of a client with a secret (RFC 6749, section 4.4.2), with what a product wants beside. */
export function clientCredentials({
  clientId,
  clientSecret,
  ...others
}: {
  readonly clientId: string
  readonly clientSecret: string
  readonly audience?: string
  readonly scope?: string
}): TokenRequest['form'] {
  const client = { client_id: clientId, client_secret: clientSecret }
  return () => Promise.resolve({ grant_type: 'client_credentials', ...client, ...others })
}

/** How long before its end a token is not used any more. */
const EARLY_MS = 30_000
/** RFC 6749, section 5.1: `expires_in` may be missing. */
const USUAL_LIFE_MS = 60_000

/**
 * Calls with an access token of a client of ours (RFC 6749, section 4.4), which is kept while it
 * lives. Where the API does not take it any more, a new one is had, once.
 */
export function withClientToken(
  { exchange, nowMs }: ProviderWorld,
  { url, form }: TokenRequest,
): CallApi {
  let kept: { readonly token: string; readonly untilMs: number } | undefined
  let asking: Promise<string | NoAnswer> | undefined

  const ask = async (signal: AbortSignal): Promise<string | NoAnswer> => {
    const answer = await exchange(url, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(await form()).toString(),
      signal,
    })
    if (answer.kind !== 'answer') return answer
    const { access_token: token, expires_in: life } = objectIn(answer)
    if (answer.status !== 200 || typeof token !== 'string' || token === '') {
      // Credentials can be corrected, so a failure with them is always retried.
      const error = `its token endpoint answered ${String(answer.status)}`
      const retryAfterMs = retryAfter(answer.headers, nowMs())
      return { kind: 'again', error, ...defined({ retryAfterMs }) }
    }
    const lifeMs = typeof life === 'number' ? life * 1000 : USUAL_LIFE_MS
    kept = { token, untilMs: nowMs() + lifeMs - EARLY_MS }
    return token
  }
  const tokenFor = (signal: AbortSignal): Promise<string | NoAnswer> => {
    if (kept !== undefined && nowMs() < kept.untilMs) return Promise.resolve(kept.token)
    // Calls that wait at the same time share one. It ends with the first of them at the latest.
    asking ??= ask(signal).finally(() => {
      asking = undefined
    })
    return asking
  }

  return async (call, signal) => {
    const token = await tokenFor(signal)
    if (typeof token !== 'string') return token
    const answer = await withToken(exchange, `Bearer ${token}`)(call, signal)
    if (answer.kind !== 'answer' || answer.status !== 401) return answer
    if (kept?.token === token) kept = undefined
    const another = await tokenFor(signal)
    if (typeof another !== 'string') return another
    return withToken(exchange, `Bearer ${another}`)(call, signal)
  }
}

/** What a call comes to. Where there is nothing that could end, it has ended. */
export function told(
  answer: Answer | NoAnswer,
  nowMs: number,
  isGone: (answer: Answer) => boolean = ({ status }) => status === 404,
): SendOutcome {
  if (answer.kind !== 'answer') return answer
  return isGone(answer) ? { kind: 'delivered' } : outcomeOf(answer, nowMs)
}

/** The JSON object of an answer; empty where it is not an object. */
export function objectIn({ text }: Answer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** The texts or numbers that the objects of a list in an answer have under a name. */
export function idsIn(answer: Answer, list: string, name: string): readonly string[] {
  const { [list]: items } = objectIn(answer)
  return (Array.isArray(items) ? (items as unknown[]) : []).flatMap((item) => {
    const id = (item as Readonly<Record<string, unknown>> | null)?.[name]
    return typeof id === 'string' || typeof id === 'number' ? String(id) : []
  })
}

/**
 * Ends what a call lists, one after another: the product has no call for all of them.
 *
 * @param list Answers with a page of them.
 * @param idsOf What the page names.
 * @param end The call that ends one.
 */
export async function endEach(
  list: () => Promise<Answer | NoAnswer>,
  idsOf: (page: Answer) => readonly string[],
  end: (id: string) => Promise<Answer | NoAnswer>,
  nowMs: number,
): Promise<SendOutcome> {
  const page = await list()
  if (page.kind !== 'answer' || page.status !== 200) return told(page, nowMs)
  const ids = idsOf(page)
  for (const id of ids) {
    const outcome = told(await end(id), nowMs)
    if (outcome.kind !== 'delivered') return outcome
  }
  if (ids.length < PAGE) return { kind: 'delivered' }
  return { kind: 'again', error: `it has more than ${String(PAGE)} to end: the rest comes next` }
}

/** What is asked of a list at once. */
export const PAGE = 100

/** A part of a path. */
export function inPath(text: string): string {
  return encodeURIComponent(text)
}

/** An address without the slashes at its end. */
export function bare(url: string): string {
  return url.replace(/\/+$/, '')
}
