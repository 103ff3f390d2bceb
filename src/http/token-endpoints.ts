/**
 * Where tokens are issued, asked about and ended, and how authorization server metadata tells of
 * it.
 */

export const tokenPath = '/oauth2/token'
export const pushPath = '/oauth2/par'
export const introspectionPath = '/oauth2/introspect'
export const revocationPath = '/oauth2/revoke'

/** Of keys that the setting `encryptionKey` of a resource server may have. */
export const keyManagementAlgorithms = [
  'RSA-OAEP-256',
  'RSA-OAEP',
  'ECDH-ES',
  'ECDH-ES+A128KW',
  'ECDH-ES+A256KW',
] as const

export const contentEncryptionAlgorithms = [
  'A128CBC-HS256',
  'A256CBC-HS512',
  'A128GCM',
  'A256GCM',
] as const

/**
 * The members of authorization server metadata (RFC 8414, section 2; RFC 9701, section 7) that
 * describe both endpoints.
 *
 * @param url The public URL, without a slash at the end.
 * @param signingAlgorithm That of the key that signs.
 */
export function tokenEndpointsMetadata(
  url: string,
  signingAlgorithm: string,
): Readonly<Record<string, unknown>> {
  const secrets = ['client_secret_basic', 'client_secret_post']
  return {
    introspection_endpoint: url + introspectionPath,
    introspection_endpoint_auth_methods_supported: secrets,
    introspection_signing_alg_values_supported: [signingAlgorithm],
    introspection_encryption_alg_values_supported: keyManagementAlgorithms,
    introspection_encryption_enc_values_supported: contentEncryptionAlgorithms,
    revocation_endpoint: url + revocationPath,
    revocation_endpoint_auth_methods_supported: [...secrets, 'none'],
  }
}
