/** Redirect URIs: which are allowed, and what is added to them. */

/** What a browser would run, or show as if it came from here. */
const contentSchemes: ReadonlySet<string> = new Set(['javascript:', 'data:', 'vbscript:', 'blob:'])

/**
 * What is wrong with a URI for redirects, in words; undefined where it is valid. It goes into a
 * header as it stands, so it is visible ASCII (RFC 3986, section 2).
 */
export function redirectUriProblem(value: string): string | undefined {
  const url = URL.parse(value)
  if (url === null || !/^[!-~]+$/.test(value)) return 'must be an absolute URI, in ASCII'
  if (value.includes('#')) return 'must not have a fragment'
  return contentSchemes.has(url.protocol) ? `must not begin with ${url.protocol}` : undefined
}

/**
 * Whether a redirect URI was registered: the same string (RFC 9700, section 2.1), or, where
 * allowed, the same but for the port of a loopback address (RFC 8252, section 7.3).
 */
export function isRegistered(
  redirectUri: string,
  registered: readonly string[],
  anyLoopbackPort: boolean,
): boolean {
  if (registered.includes(redirectUri)) return true
  if (!anyLoopbackPort) return false
  const portless = withoutLoopbackPort(redirectUri)
  return portless !== undefined && registered.some((one) => withoutLoopbackPort(one) === portless)
}

/**
 * Scheme, host and port of a web address, as a policy of a page may name it. Undefined where it is
 * none, or holds what could break out of the policy.
 */
export function originOf(uri: string): string | undefined {
  const origin = URL.parse(uri)?.origin ?? ''
  return /^https?:\/\/(?:[\w.-]+|\[[\da-f:]+\])(?::\d+)?$/.test(origin) ? origin : undefined
}

/** Undefined where it is not a plain http URI of a loopback address. */
function withoutLoopbackPort(uri: string): string | undefined {
  const match = /^http:\/\/(127\.0\.0\.1|\[::1\])(?::\d{1,5})?(?=[/?]|$)/.exec(uri)
  return match === null ? undefined : `${match[1] ?? ''}${uri.slice(match[0].length)}`
}

/** Adds parameters to a redirect URI without changing what stands there. */
export function withParameters(uri: string, parameters: Readonly<Record<string, string>>): string {
  const added = Object.entries(parameters).map(
    ([name, value]) => `${name}=${encodeURIComponent(value)}`,
  )
  return `${uri}${uri.includes('?') ? '&' : '?'}${added.join('&')}`
}
