/** Redirect URIs: which are allowed, and what is added to them. */

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
