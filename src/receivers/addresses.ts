/** Which addresses messages may be sent to. */
import ipaddr from 'ipaddr.js'

const words: Readonly<Record<string, string>> = {
  loopback: 'a loopback address',
  private: 'a private address',
  uniqueLocal: 'a private address',
  carrierGradeNat: 'a private address',
  linkLocal: 'a link-local address',
  unspecified: 'an unspecified address',
  multicast: 'a multicast address',
  broadcast: 'a broadcast address',
}

/** RFC 4291, section 2.4. Below it lie, among others, IPv4 addresses in a form long deprecated. */
const assignedIPv6 = ipaddr.IPv6.parseCIDR('2000::/3')

function isAssigned(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address instanceof ipaddr.IPv4 || address.match(assignedIPv6)
}

/**
 * Why no message may be sent to an address: it is not one of the public internet, and the operator
 * has not listed it. Forms that carry an IPv4 address inside, but for mapped ones, are refused.
 *
 * @param address An IP address as sockets and `URL` write them.
 * @returns Undefined where it may be sent to.
 */
export function addressRefusal(
  address: string,
  isListed: (address: string) => boolean,
): string | undefined {
  // `::ffff:10.0.0.1` is dialled as 10.0.0.1.
  const read = ipaddr.process(address)
  const range = read.range()
  if ((range === 'unicast' && isAssigned(read)) || isListed(read.toString())) return undefined
  return `${read.toString()} is ${words[range] ?? 'not a public address'}`
}
