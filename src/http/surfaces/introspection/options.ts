import { createPublicKey, type JsonWebKey } from 'node:crypto'
import {
  checked,
  choice,
  group,
  list,
  optional,
  text,
  type Group,
} from '../../../settings/schema.ts'
import { contentEncryptionAlgorithms, keyManagementAlgorithms } from '../../token-endpoints.ts'

/** A server that asks about tokens; what each member does is written in the schema below. */
export interface ResourceServer {
  readonly id: string
  readonly secret: string
  readonly audiences: readonly string[]
  readonly scopes?: readonly string[]
  readonly encryptionKey?: EncryptionKey
  readonly encryptionMethod?: (typeof contentEncryptionAlgorithms)[number]
}

/** A public JWK that says how it is used. */
export interface EncryptionKey extends JsonWebKey {
  readonly alg: (typeof keyManagementAlgorithms)[number]
  readonly kid?: string
}

export interface IntrospectionSettings {
  readonly resourceServers: readonly ResourceServer[]
}

const name = String.raw`^\S{1,255}$`

export const resourceServerSchema: Group<ResourceServer> = group<ResourceServer>({
  id: text({
    description: 'its `client_id` at `/oauth2/introspect`',
    // RFC 7617, section 2: no colon.
    pattern: '^[!-9;-~]{1,128}$',
    allowed: '1 to 128 visible ASCII characters but the colon',
  }),
  secret: text({ description: 'its `client_secret`', secret: true, maxLength: 1024 }),
  audiences: list(text({ pattern: name, allowed: 'a name without spaces' }), {
    description: 'what tokens call it in `aud`: of other tokens it learns nothing',
    minItems: 1,
    allowed: 'a list of one name at least',
  }),
  scopes: optional(
    list(text({ pattern: name, allowed: 'a scope' }), {
      description: 'the scopes that concern it: it is told of no others',
      defaultText: 'all',
      allowed: 'a list of scopes',
    }),
  ),
  encryptionKey: optional(
    checked<EncryptionKey>(
      {
        description:
          'its public key: answers that are JWTs are encrypted for it. Its `alg` is the `introspection_encrypted_response_alg` of RFC 9701',
        defaultText: 'they are signed alone',
        allowed: `a public JWK of an RSA or EC key whose \`alg\` is ${keyManagementAlgorithms.join(', ')}`,
      },
      isEncryptionKey,
    ),
  ),
  encryptionMethod: optional(
    choice(contentEncryptionAlgorithms, {
      description: 'how, its `introspection_encrypted_response_enc`',
      defaultText: '`A128CBC-HS256`',
    }),
  ),
})

export const introspectionSchema: Group<IntrospectionSettings> = group<IntrospectionSettings>({
  resourceServers: list(resourceServerSchema, {
    description:
      'servers that may ask about tokens at `/oauth2/introspect`: see [http.md](http.md#introspection)',
    default: [],
    demoDefault: [{ id: 'demo-api', secret: 'demo-api-secret', audiences: ['demo-api'] }],
    allowed: 'a list of `{ id, secret, audiences, … }`',
  }),
})

function isEncryptionKey(value: unknown): boolean {
  const jwk = value as (JsonWebKey & { readonly alg?: unknown }) | null
  const isKnown = keyManagementAlgorithms.some((known) => known === jwk?.alg)
  if (jwk === null || typeof jwk !== 'object' || 'd' in jwk || !isKnown) return false
  if (jwk.kty !== (String(jwk.alg).startsWith('RSA') ? 'RSA' : 'EC')) return false
  try {
    createPublicKey({ key: jwk, format: 'jwk' })
    return true
  } catch {
    return false
  }
}
