/**
 * One POST to a receiver, and what its answer means for the delivery.
 *
 * Addresses of receivers come from configuration and, in time, from people, so a message is only
 * sent to the public internet and to what the operator has listed (SSRF). A name is looked up once:
 * the address that was checked is the one that is dialled. Redirects are not followed.
 */
import { lookup as lookUp, type LookupAddress } from 'node:dns'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { SendOutcome } from '../ports/delivery.ts'
import { addressRefusal } from './addresses.ts'

export interface PostRequest {
  readonly headers: Readonly<Record<string, string>>
  /** JSON text. */
  readonly body: string
  readonly signal: AbortSignal
}

/**
 * Posts JSON. 2xx means that it was taken. Everything else may change, because somebody mends a
 * server or its configuration, except for what says that the message is wrong.
 *
 * @param url An `http` or `https` URL.
 */
export type Post = (url: string, request: PostRequest) => Promise<SendOutcome>

export interface PostOptions {
  /** Whether the operator lets messages be sent to an address that is not public. */
  readonly isListed: (address: string) => boolean
  /** The setting in which addresses are listed, for messages. */
  readonly setting: string
  readonly nowMs: () => number
  /** Default: the system's. */
  readonly lookup?: typeof lookUp
}

/** The message itself is at fault, so the same one will not be taken later either. */
const NEVER: ReadonlySet<number> = new Set([400, 405, 410, 413, 415, 422])

/** What is read of an answer, so that its connection can be used again. */
const MAX_ANSWER_BYTES = 16_384

export function createPost(options: PostOptions): Post {
  const guard = addressGuard(options)
  const agents = {
    'http:': new HttpAgent({ keepAlive: true }),
    'https:': new HttpsAgent({ keepAlive: true }),
  }
  return async (text, { headers, body, signal }) => {
    try {
      const url = new URL(text)
      if (url.protocol !== 'http:' && url.protocol !== 'https:') {
        return { kind: 'refused', error: 'its URL is neither http nor https' }
      }
      guard.checkHost(url)
      const request = url.protocol === 'http:' ? httpRequest : httpsRequest
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const sent = request(
          url,
          {
            method: 'POST',
            agent: agents[url.protocol as keyof typeof agents],
            lookup: guard.lookup,
            headers: { 'content-type': 'application/json', ...headers },
            signal,
          },
          resolve,
        )
        sent.on('error', reject)
        sent.end(body)
      })
      const { statusCode = 0, headers: answered } = response
      await drain(response)
      return outcomeOf(statusCode, answered['retry-after'], options.nowMs())
    } catch (error) {
      return { kind: 'again', error: wordsFor(error) }
    }
  }
}

function outcomeOf(status: number, retryAfter: string | undefined, nowMs: number): SendOutcome {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const error = `it answered ${String(status)}`
  if (NEVER.has(status)) return { kind: 'refused', error }
  const retryAfterMs = readRetryAfter(retryAfter, nowMs)
  return { kind: 'again', error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

/** Reads the rest of an answer, or ends its connection where that is long. What it says is nothing. */
function drain(response: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let length = 0
    response.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > MAX_ANSWER_BYTES) response.destroy()
    })
    // The status has been read, and it is what counts.
    response.on('error', () => undefined)
    response.once('close', resolve)
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

function addressGuard({ isListed, setting, lookup = lookUp }: PostOptions): AddressGuard {
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

/** RFC 9110, section 10.2.3: seconds, or a date. */
function readRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs)
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
