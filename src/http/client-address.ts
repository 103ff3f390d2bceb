import ipaddr from 'ipaddr.js'

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number]

/** An address in its shortest form, IPv4-mapped IPv6 as IPv4; undefined where it is not an address. */
export function normalizeAddress(address: string): string | undefined {
  // A zone index names an interface of one machine and is no part of the address.
  const [bare = ''] = address.split('%')
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : undefined
}

/**
 * Makes a test of addresses against CIDR ranges; a bare address is a range of one.
 *
 * @throws {TypeError} Where an entry is not a range.
 */
export function addressMatcher(ranges: readonly string[]): (address: string) => boolean {
  const parsed = ranges.map(parseRange)
  return (address) => {
    const [bare = ''] = address.split('%')
    if (!ipaddr.isValid(bare)) return false
    const candidate = ipaddr.process(bare)
    return parsed.some(([base, bits]) =>
      candidate.kind() === base.kind() ? candidate.match(base, bits) : false,
    )
  }
}

/** @throws {TypeError} `Cannot read address range "…": …` */
export function parseRange(range: string): Range {
  try {
    const [base, bits] = range.includes('/')
      ? ipaddr.parseCIDR(range)
      : ([ipaddr.parse(range), range.includes(':') ? 128 : 32] as Range)
    if (base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress() && bits >= 96) {
      return [base.toIPv4Address(), bits - 96]
    }
    return [base, bits]
  } catch {
    throw new TypeError(`Cannot read address range "${range}": not an address or CIDR range`)
  }
}

/**
 * Finds the caller's address: the last one in `X-Forwarded-For` that is not a trusted proxy, read
 * from the right, and only where the peer itself is a trusted proxy. Anybody else may write what
 * they like in that header; it is not looked at.
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
    const hop = normalizeAddress((hops[index] ?? '').trim())
    if (hop === undefined) return address
    address = hop
    if (!isTrustedProxy(hop)) return address
  }
  return address
}
