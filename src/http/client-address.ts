import type { IncomingHttpHeaders } from 'node:http'
import ipaddr from 'ipaddr.js'
import { RecentMap } from '../domain/recent-map.ts'
import type { Log } from '../ports/log.ts'

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number]

/** The caller's address where a proxy names one that cannot be read: no range contains it. */
export const UNREADABLE_ADDRESS = 'unreadable'

/** The address that the doctor claims, which no caller has (RFC 5737, section 3). */
export const PROBE_ADDRESS = '203.0.113.77'

/** Most peers remembered. */
const MAX_PEERS = 1000

/** Callers whose address was told and could not be taken. */
export interface AddressNotices {
  /** The last untrusted peer that sent a forwarding header; undefined: none did. */
  readonly ignoredFrom: string | undefined
  /** How many requests came with a forwarding header that was ignored. */
  readonly ignored: number
  /** How many came with one from a trusted proxy whose last hop cannot be read. */
  readonly unreadable: number
}

/**
 * Finds callers' addresses, and tells the operator once of each way in which a proxy and the
 * configuration do not go together: otherwise all callers have the proxy's address and share its
 * limits, without a word.
 */
export class ClientAddresses {
  readonly #isTrustedProxy: (address: string) => boolean
  readonly #log: Log
  /** Their shortest forms: a peer comes with each request of its connection. */
  readonly #peers = new RecentMap<string, string>(MAX_PEERS)
  #ignoredFrom: string | undefined
  #ignored = 0
  #unreadable = 0

  /** @throws {TypeError} Where an entry is not a range. */
  constructor(trustedProxies: readonly string[], log: Log) {
    this.#isTrustedProxy = addressMatcher(trustedProxies)
    this.#log = log
  }

  get notices(): AddressNotices {
    return {
      ignoredFrom: this.#ignoredFrom,
      ignored: this.#ignored,
      unreadable: this.#unreadable,
    }
  }

  /** The caller's address for a request over a connection from `peer`. */
  of(peer: string, headers: IncomingHttpHeaders): string {
    const { forwarded } = headers
    const forwardedFor = wholeHeader(headers['x-forwarded-for'])
    const address = this.#addressOf(peer)
    if (forwardedFor === undefined && forwarded === undefined) return address
    if (forwardedFor === undefined || !this.#isTrustedProxy(address)) {
      if (forwardedFor !== PROBE_ADDRESS) this.#ignore(address, forwardedFor !== undefined)
      return address
    }
    const caller = clientAddress(address, forwardedFor, this.#isTrustedProxy)
    if (caller === UNREADABLE_ADDRESS) this.#cannotRead(address)
    return caller
  }

  #addressOf(peer: string): string {
    let address = this.#peers.get(peer)
    if (address === undefined) {
      address = normalizeAddress(peer) ?? peer
      this.#peers.set(peer, address)
    }
    return address
  }

  #ignore(peer: string, isForwardedFor: boolean): void {
    this.#ignored++
    if (this.#ignoredFrom !== undefined) return
    this.#ignoredFrom = peer
    this.#log.warn(
      { peer, header: isForwardedFor ? 'X-Forwarded-For' : 'Forwarded' },
      'A header that names the caller is ignored, so all callers behind this peer share its address ' +
        'and its rate limits. If the peer is your proxy, list its address in trustedProxies and let ' +
        'it set X-Forwarded-For',
    )
  }

  #cannotRead(proxy: string): void {
    this.#unreadable++
    if (this.#unreadable > 1) return
    this.#log.warn(
      { proxy },
      'A trusted proxy named a caller in X-Forwarded-For by a value that is not an address: such ' +
        'callers match no allowlist and share one rate limit. Let the proxy write an IP address',
    )
  }
}

/** An address in its shortest form, IPv4-mapped IPv6 as IPv4; undefined where it is not an address. */
export function normalizeAddress(address: string): string | undefined {
  return readAddress(address)?.toString()
}

/**
 * Makes a test of addresses against CIDR ranges; a bare address is a range of one.
 *
 * @throws {TypeError} Where an entry is not a range.
 */
export function addressMatcher(ranges: readonly string[]): (address: string) => boolean {
  const parsed = ranges.map(parseRange)
  return (address) => {
    const candidate = readAddress(address)
    if (candidate === undefined) return false
    return parsed.some(([base, bits]) =>
      candidate.kind() === base.kind() ? candidate.match(base, bits) : false,
    )
  }
}

/** @throws {TypeError} `Cannot read address range "…": …` */
export function parseRange(range: string): Range {
  const problem = rangeProblem(range)
  if (problem !== undefined) throw new TypeError(`Cannot read address range "${range}": ${problem}`)
  const [base, bits] = range.includes('/')
    ? ipaddr.parseCIDR(range)
    : ([ipaddr.parse(range), range.includes(':') ? 128 : 32] as Range)
  if (base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress()) {
    return [base.toIPv4Address(), bits - 96]
  }
  return [base, bits]
}

/** Why a range cannot be used; undefined where it can. */
export function rangeProblem(range: string): string | undefined {
  const [base = ''] = range.split('/')
  const isRange = range.includes('/')
    ? ipaddr.isValidCIDR(range)
    : ipaddr.isValid(range) && !range.includes('%')
  // `10.1` and `012.0.0.1` are addresses to some and others to others.
  if (!isRange || !(base.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(base))) {
    return 'not an address or CIDR range'
  }
  if (!base.includes(':')) return undefined
  const bits = range.includes('/') ? Number(range.split('/')[1]) : 128
  // Callers of that form are told apart as IPv4, which no such range contains.
  return ipaddr.IPv6.parse(base).isIPv4MappedAddress() && bits < 96
    ? 'an IPv4-mapped range has at least 96 bits; write it as IPv4'
    : undefined
}

/** Whether a server may be told to listen there: an address, with brackets or zone, or a name. */
export function isListenHost(host: string): boolean {
  const bare = /^\[.*:.*\]$/.test(host) ? host.slice(1, -1) : host
  if (bare.includes(':')) return ipaddr.IPv6.isValid(bare) && /^[^%]+(?:%[\w.-]+)?$/.test(bare)
  if (/^[\d.]+$/.test(bare)) return ipaddr.IPv4.isValidFourPartDecimal(bare)
  return /^(?=.{1,253}$)\w(?:[\w-]{0,61}\w)?(?:\.\w(?:[\w-]{0,61}\w)?)*\.?$/.test(bare)
}

/**
 * Finds the caller's address: the last one in `X-Forwarded-For` that is not a trusted proxy, read
 * from the right, and only where the peer itself is a trusted proxy. From any other peer the header
 * is ignored. Where a trusted proxy names something else than an address, with a port or without,
 * the caller is {@link UNREADABLE_ADDRESS}, and never the proxy.
 */
export function clientAddress(
  peer: string,
  forwardedFor: string | undefined,
  isTrustedProxy: (address: string) => boolean,
): string {
  let address = normalizeAddress(peer) ?? peer
  if (forwardedFor === undefined || !isTrustedProxy(address)) return address
  const hops = forwardedFor.split(',')
  for (let index = hops.length - 1; index >= 0; index--) {
    const hop = readHop((hops[index] ?? '').trim())
    if (hop === undefined) return UNREADABLE_ADDRESS
    address = hop
    if (!isTrustedProxy(hop)) return address
  }
  return address
}

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`. */
const HOP = /^(?:\[(?<inBrackets>[^\]]*:[^\]]*)\]|(?<v4>[\d.]+))(?::\d{1,5})?$/

function readHop(text: string): string | undefined {
  const { inBrackets, v4 } = HOP.exec(text)?.groups ?? {}
  return normalizeAddress(inBrackets ?? v4 ?? text)
}

function readAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  // A zone index names an interface of one machine and is not part of the address.
  const [bare = ''] = text.split('%')
  if (bare.includes(':')) return ipaddr.IPv6.isValid(bare) ? ipaddr.process(bare) : undefined
  return ipaddr.IPv4.isValidFourPartDecimal(bare) ? ipaddr.IPv4.parse(bare) : undefined
}

function wholeHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}
