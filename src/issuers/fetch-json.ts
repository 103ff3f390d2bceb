import { lookup as lookUp, type LookupAddress } from 'node:dns'
import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { addressRefusal } from '../receivers/addresses.ts'

export interface FetchRules {
  /** Whether an address that the internet does not reach may be asked. */
  readonly isListed: (address: string) => boolean
}

/** Fetches a JSON document from another server. Rejects with a message for an operator. */
export type FetchJson = (url: URL, rules: FetchRules) => Promise<unknown>

const TIMEOUT_MS = 5000
/** Key sets of a few kilobytes are usual. */
const MAX_BYTES = 512 * 1024

/**
 * Gets a JSON document over HTTP, within bounds: five seconds, half a mebibyte, no redirects. An
 * address is judged when it is connected to, so that a name cannot lead elsewhere meanwhile.
 */
export const fetchJson: FetchJson = (url, rules) => fetchJsonWithin(TIMEOUT_MS, url, rules)

/** The same within another time. */
export async function fetchJsonWithin(
  timeoutMs: number,
  url: URL,
  { isListed }: FetchRules,
): Promise<unknown> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  // A literal address is connected to without a look-up.
  const refusal = isIP(host) === 0 ? undefined : addressRefusal(host, isListed)
  if (refusal !== undefined) throw new Error(refusal)
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const response = await open(url, signal, isListed)
    return await readJson(response)
  } catch (error) {
    throw signal.aborted ? new Error('it takes too long') : error
  }
}

function open(
  url: URL,
  signal: AbortSignal,
  isListed: FetchRules['isListed'],
): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const request = send(url, {
      headers: { accept: 'application/json, application/jwk-set+json' },
      signal,
      lookup: lookupWithin(isListed),
      agent: false,
    })
    request.on('error', reject)
    request.on('response', resolve)
    request.end()
  })
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  try {
    const { statusCode = 0, headers } = response
    if (statusCode !== 200) throw new Error(`it answered ${String(statusCode)}`)
    if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(headers['content-type'] ?? '')) {
      throw new Error('it does not answer JSON')
    }
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > MAX_BYTES) throw new Error('it is too long')
      chunks.push(chunk)
    }
    return parse(Buffer.concat(chunks).toString('utf8'))
  } finally {
    response.destroy()
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('it is not JSON')
  }
}

/** A look-up that finds no address which may not be asked. */
function lookupWithin(isListed: FetchRules['isListed']): LookupFunction {
  return (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, addresses: readonly LookupAddress[]) => {
      const [first] = addresses ?? []
      const refusal = addresses
        ?.map(({ address }) => addressRefusal(address, isListed))
        .find((reason) => reason !== undefined)
      if (error !== null) callback(error, '')
      else if (first === undefined) callback(new Error('it has no address'), '')
      else if (refusal !== undefined) callback(new Error(refusal), '')
      else if (options.all === true) callback(null, [...addresses])
      else callback(null, first.address, first.family)
    })
  }
}
