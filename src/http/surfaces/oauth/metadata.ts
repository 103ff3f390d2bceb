/** What this server says of itself: RFC 8414, and OpenID Connect Discovery 1.0. */
import { dpopAlgorithms } from '../../../protocol/dpop.ts'
import { assertionAlgorithms } from '../../client-assertion.ts'
import { authenticationMethods, grantTypes } from '../../../protocol/client-metadata.ts'
import { openidScopes } from '../../oauth-client.ts'
import { pushPath, tokenEndpointsMetadata, tokenPath } from '../../token-endpoints.ts'
import { acrValuesOf } from './acr.ts'
import { checkSessionPath } from './check-session.ts'
import { deviceAuthorizationPath } from './device.ts'
import type { OAuthService } from './service.ts'
import { languageTags } from './words.ts'

export const authorizePath = '/oauth2/authorize'
export const userinfoPath = '/oidc/userinfo'
export const logoutPath = '/oidc/logout'

/** Both documents: what one asks for the other allows. What is not built is not in it. */
export async function metadata(service: OAuthService): Promise<Readonly<Record<string, unknown>>> {
  const { core, issuer, options } = service
  const { keys } = await core.keys.published()
  const algorithms = [...new Set(keys.flatMap(({ alg }) => alg ?? []))]
  const [algorithm = 'ES256'] = algorithms
  return {
    issuer,
    authorization_endpoint: issuer + authorizePath,
    token_endpoint: issuer + tokenPath,
    pushed_authorization_request_endpoint: issuer + pushPath,
    device_authorization_endpoint: issuer + deviceAuthorizationPath,
    userinfo_endpoint: issuer + userinfoPath,
    end_session_endpoint: issuer + logoutPath,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
    ...(options.sessionManagement ? { check_session_iframe: issuer + checkSessionPath } : {}),
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    ...tokenEndpointsMetadata(issuer, algorithm),
    dpop_signing_alg_values_supported: dpopAlgorithms,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: grantTypes,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    token_endpoint_auth_methods_supported: authenticationMethods,
    token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    revocation_endpoint_auth_methods_supported: authenticationMethods,
    revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    scopes_supported: openidScopes,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: algorithms,
    claims_supported:
      'iss sub aud iat exp auth_time acr amr nonce sid name preferred_username email phone_number'.split(
        ' ',
      ),
    acr_values_supported: acrValuesOf(service),
    prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
    ui_locales_supported: languageTags,
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
  }
}
