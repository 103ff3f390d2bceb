/** How a TV provider (MVPD) is told that its viewer is logged out: what its operator has agreed on. */
export type MvpdLogout = MessageLogout | RevocationLogout | RpInitiatedLogout | SamlLogout

/** A signed message of our own. */
export interface MessageLogout {
  readonly kind: 'message'
  readonly url: string
}

/** Its token is revoked (RFC 7009). */
export interface RevocationLogout {
  readonly kind: 'revocation'
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  readonly tokenClaim: string
  readonly tokenTypeHint?: 'access_token' | 'refresh_token'
}

/** Its logout URL is called (OpenID Connect RP-Initiated Logout 1.0). */
export interface RpInitiatedLogout {
  readonly kind: 'rp-initiated'
  readonly url: string
  readonly clientId: string
}

/** It gets a `LogoutRequest` (SAML 2.0, SOAP binding). */
export interface SamlLogout {
  readonly kind: 'saml'
  readonly url: string
  readonly entityId: string
  readonly privateKey: string
  readonly nameIdFormat?: string
  readonly nameIdClaim?: string
  readonly sessionIndexClaim?: string
}

/** The claims of a login that are kept with it, because its logout is made of them. */
export function claimsForLogout(logout: MvpdLogout | undefined): readonly string[] {
  switch (logout?.kind) {
    case 'revocation':
      return [logout.tokenClaim]
    case 'saml':
      return [logout.nameIdClaim, logout.sessionIndexClaim].filter((name) => name !== undefined)
    case 'message':
    case 'rp-initiated':
    case undefined:
      return []
  }
}

/**
 * The address of an RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0, section 2): the
 * provider knows the viewer by `logout_hint`, and comes back with `state` when all is done.
 */
export function rpInitiatedParameters(
  { clientId }: RpInitiatedLogout,
  viewer: { readonly userId: string; readonly returnUrl: string; readonly state: string },
): URLSearchParams {
  return new URLSearchParams({
    client_id: clientId,
    logout_hint: viewer.userId,
    post_logout_redirect_uri: viewer.returnUrl,
    state: viewer.state,
  })
}
