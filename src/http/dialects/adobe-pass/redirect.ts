/** Where browsers are sent back to: an address that a call names, and a requestor answers for. */
import { refuse } from '../../../domain/failure.ts'
import type { Client } from '../../../domain/identity.ts'
import type { Pass } from './pass.ts'

/** The domains of a requestor; undefined where it lists none. */
export function domainsOf(requestor: Client): readonly string[] | undefined {
  const domains = requestor.attributes['domains']
  return Array.isArray(domains) ? domains.map(String) : undefined
}

/**
 * The address to come back to: http or https, and in one of the requestor's `domains`, else this
 * would send viewers wherever a link says. The demo alone allows any address to a requestor that
 * has none.
 *
 * @throws {Refusal} `invalid_parameter`.
 */
export function redirectAddress(
  pass: Pass,
  requestor: Client,
  { parameter, given }: { readonly parameter: string; readonly given: string },
): string {
  const url = URL.parse(given)
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:'
  const domains = domainsOf(requestor)
  const isRegistered =
    domains?.some((domain) => url?.hostname === domain || url?.hostname.endsWith(`.${domain}`)) ??
    pass.demo
  // With a name before the host, an address looks like one place and leads to another.
  const isPlain = url?.username === '' && url.password === ''
  if (url !== null && isWeb && isPlain && isRegistered) return url.href
  return refuse({ kind: 'invalid_parameter', parameter, reason: 'it is not an allowed address' })
}
