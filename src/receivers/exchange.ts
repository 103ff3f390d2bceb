/**
 * One request to a receiver over HTTP, and its answer.
 *
 * Addresses of receivers come from configuration and, in time, from people, so a request is only
 * sent to the public internet and to what the operator has listed (SSRF). A name is looked up once:
 * the address that was checked is the one that is dialled. Redirects are not followed.
 */
import { defined } from '../domain/defined.ts'
import { lookup as lookUp, type LookupAddress } from 'node:dns'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { SendOutcome } from '../ports/delivery.ts'
import { addressRefusal } from './addresses.ts'

export interface ExchangeRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

export interface Answer {
  readonly kind: 'answer'
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Empty where it is longer than is read of it. */
  readonly text: string
}

/** There was no answer: what a delivery comes to then. */
export type NoAnswer = Exclude<SendOutcome, { readonly kind: 'delivered' }>

/**
 * Sends one request. Never rejects.
 *
 * @param url An `http` or `https` URL.
 */
export type Exchange = (url: string, request: ExchangeRequest) => Promise<Answer | NoAnswer>

export interface ExchangeOptions {
  /** Whether the operator lets messages be sent to an address that is not public. */
  readonly isListed: (address: string) => boolean
  /** The setting in which addresses are listed, for messages. */
  readonly setting: string
  /** Default: the system's. */
  readonly lookup?: typeof lookUp
}

/** The most of an answer that is read, so that its connection can be used again. */
const MAX_ANSWER_BYTES = 262_144

export function createExchange(options: ExchangeOptions): Exchange {
  const guard = addressGuard(options)
  const agents = {
    'http:': new HttpAgent({ keepAlive: true }),
    'https:': new HttpsAgent({ keepAlive: true }),
  }
  return async (text, { method, headers: given, body, signal }) => {
    // Node says the length of what a POST carries, and of nothing else.
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const headers = { ...given, ...length }
    try {
      const url = new URL(text)
      if (url.protocol !== 'http:' && url.protocol !== 'https:') {
        return { kind: 'refused', error: 'its URL is neither http nor https' }
      }
      guard.checkHost(url)
      const request = url.protocol === 'http:' ? httpRequest : httpsRequest
      const agent = agents[url.protocol]
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const sent = request(url, { method, agent, lookup: guard.lookup, headers, signal }, resolve)
        sent.on('error', reject)
        sent.end(body)
      })
      const { statusCode: status = 0, headers: answered } = response
      return { kind: 'answer', status, headers: single(answered), text: await read(response) }
    } catch (error) {
      return { kind: 'again', error: wordsFor(error) }
    }
  }
}

/** What an answer means by its status alone: see `docs/deliveries.md`. */
export function outcomeOf({ status, headers }: Answer, nowMs: number): SendOutcome {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const error = `it answered ${String(status)}`
  if (NEVER.has(status)) return { kind: 'refused', error }
  const retryAfterMs = retryAfter(headers, nowMs)
  return { kind: 'again', error, ...defined({ retryAfterMs }) }
}

/** The message itself is at fault, so the same one will not be taken later either. */
const NEVER: ReadonlySet<number> = new Set([400, 405, 410, 413, 415, 422])

/**
 * RFC 9110, section 10.2.3: seconds, or a date. Okta and Auth0 say in headers of their own, in Unix
 * seconds, when they take requests again.
 */
export function retryAfter(headers: Answer['headers'], nowMs: number): number | undefined {
  const value = headers['retry-after']
  if (value !== undefined) {
    if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
    const atMs = Date.parse(value)
    return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs)
  }
  const remaining = headers['x-rate-limit-remaining'] ?? headers['x-ratelimit-remaining']
  const reset = headers['x-rate-limit-reset'] ?? headers['x-ratelimit-reset'] ?? ''
  if (remaining !== '0' || !/^\d{1,12}$/.test(reset)) return undefined
  return Math.max(0, Number(reset) * 1000 - nowMs)
}

function single(headers: IncomingMessage['headers']): Answer['headers'] {
  const entries = Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')])
  return Object.fromEntries(entries) as Answer['headers']
}

/** Reads an answer, or ends its connection where that is long. What has come by then is dropped. */
function read(response: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let length = 0
    response.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > MAX_ANSWER_BYTES) response.destroy()
      else chunks.push(chunk)
    })
    // The status has been read, and it is what counts.
    response.on('error', () => undefined)
    response.once('close', () => {
      resolve(length > MAX_ANSWER_BYTES ? '' : Buffer.concat(chunks).toString('utf8'))
    })
  })
}

/** Why a host is not dialled. */
class RefusedAddress extends Error {
  override readonly name = 'RefusedAddress'
}

interface AddressGuard {
  /** Refuses an address in a URL, which no socket looks up. */
  readonly checkHost: (url: URL) => void
  /** Looks a name up for a socket, and gives it the addresses that may be dialled. */
  readonly lookup: LookupFunction
}

function addressGuard({ isListed, setting, lookup = lookUp }: ExchangeOptions): AddressGuard {
  const refusalOf = (address: string): RefusedAddress | undefined => {
    const refusal = addressRefusal(address, isListed)
    if (refusal === undefined) return undefined
    return new RefusedAddress(`${refusal}, and ${setting} does not list it`)
  }
  return {
    checkHost({ hostname }) {
      // Decimal, octal and hexadecimal hosts are dotted here: `URL` has read them.
      const host = hostname.replace(/^\[(.*)\]$/, '$1')
      const refused = isIP(host) === 0 ? undefined : refusalOf(host)
      if (refused !== undefined) throw refused
    },
    lookup(hostname, options, callback) {
      lookup(hostname, { ...options, all: true }, (error, found: readonly LookupAddress[]) => {
        if (error !== null) {
          callback(error, '')
          return
        }
        const allowed = found.filter(({ address }) => refusalOf(address) === undefined)
        const [first] = allowed
        if (first === undefined) {
          callback(refusalOf(found[0]?.address ?? '0.0.0.0') ?? new Error('no address'), '')
        } else if (options.all === true) callback(null, allowed)
        else callback(null, first.address, first.family)
      })
    },
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ABORT_ERR: 'it did not answer in time',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'its name cannot be looked up now',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no way to its host',
  ETIMEDOUT: 'it does not answer',
  ERR_INVALID_URL: 'its URL cannot be read',
}

/** What failed, without the URL, which may hold a secret. */
function wordsFor(error: unknown): string {
  if (error instanceof RefusedAddress) return error.message
  const code = codeOf(error)
  if (code === undefined) return 'the connection failed'
  return WORDS[code] ?? `the connection failed (${code})`
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  return codeOf(error.cause)
}
