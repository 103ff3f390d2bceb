/** What a client of OAuth is registered with: its metadata (RFC 7591, section 2). */

export const grantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
] as const
export type GrantType = (typeof grantTypes)[number]

/** RFC 8628, section 3.4. */
export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'

export const authenticationMethods = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
] as const
export type AuthenticationMethod = (typeof authenticationMethods)[number]

/** By the names of RFC 7591 and of OpenID Connect; redirect URIs stand in the client itself. */
export interface ClientMetadata {
  readonly grant_types?: readonly GrantType[]
  readonly token_endpoint_auth_method?: AuthenticationMethod
  readonly jwks?: { readonly keys: readonly PublicJwk[] }
  /** Where it publishes its public keys; it has this or `jwks`. */
  readonly jwks_uri?: string
  /** True: it gets no tokens but such that are bound to a key (RFC 9449, section 5.2). */
  readonly dpop_bound_access_tokens?: boolean
  readonly scope?: string
  readonly post_logout_redirect_uris?: readonly string[]
  readonly backchannel_logout_uri?: string
  readonly backchannel_logout_session_required?: boolean
  readonly frontchannel_logout_uri?: string
  readonly frontchannel_logout_session_required?: boolean
  /** True: requests of this client that it has not pushed are refused (RFC 9126, section 6). */
  readonly require_pushed_authorization_requests?: boolean
  /** True: an application of the installation's own, for which no consent is asked. */
  readonly skip_consent?: boolean
}

/** What is to change of it: a member that is null is removed, and what is left out stays. */
export type ClientMetadataPatch = {
  readonly [K in keyof ClientMetadata]?: ClientMetadata[K] | null
}

/** A public key (RFC 7517). */
export interface PublicJwk {
  readonly kid?: string
  readonly alg?: string
  readonly [name: string]: unknown
}
