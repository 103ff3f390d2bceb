/** The metadata of clients of OAuth as it is kept, what is wrong with it, and what it lets them do. */
import type { Attributes, Client } from '../domain/identity.ts'
import type { Json } from '../domain/session.ts'
import {
  authenticationMethods,
  grantTypes,
  type AuthenticationMethod,
  type ClientMetadata,
  type ClientMetadataPatch,
  type GrantType,
} from '../protocol/client-metadata.ts'
import { parametersOfKey, type PublicJwk } from './public-jwk.ts'
import { isLoopback } from './loopback.ts'
import { originOf, redirectUriProblem } from './redirect-uri.ts'
import { partReader } from './input.ts'
import { sayProblem } from './problem-response.ts'
import { choice, flag, listOf, optional, strict, text, type Schema } from './schema.ts'

/** The `dialect` of clients that speak OAuth. Their key and their id are one: the `client_id`. */
export const OAUTH = 'oauth'

/** The attribute of a client under which its metadata stands. */
const METADATA = 'oauth'

const uri = text(2048, {}, redirectUriProblem)

const webUri = text(2048, {}, (value) => {
  const url = URL.parse(value)
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  return isWeb && !value.includes('#') ? undefined : 'must be an http or https URL, no fragment'
})

/** https, because a person who changes what is read there can act as the client. */
const keysUri = text(2048, {}, (value) => {
  const url = URL.parse(value)
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url))
  return isSafe && !value.includes('#') ? undefined : 'must be an https URL, no fragment'
})

const publicJwk: Schema<PublicJwk> = parametersOfKey

const metadataSchema: Schema<ClientMetadata> = strict<ClientMetadata>({
  grant_types: optional(listOf(choice(grantTypes, {}), { maxItems: 8 })),
  token_endpoint_auth_method: optional(choice(authenticationMethods, {})),
  jwks: optional(
    strict<NonNullable<ClientMetadata['jwks']>>({ keys: listOf(publicJwk, { maxItems: 16 }) }),
  ),
  jwks_uri: optional(keysUri),
  scope: optional(
    text(1024, {}, (value) =>
      /^[!#-[\]-~]+(?: [!#-[\]-~]+)*$/.test(value) ? undefined : 'must be scopes',
    ),
  ),
  post_logout_redirect_uris: optional(listOf(uri, { maxItems: 20 })),
  backchannel_logout_uri: optional(webUri),
  backchannel_logout_session_required: optional(flag({})),
  frontchannel_logout_uri: optional(webUri),
  frontchannel_logout_session_required: optional(flag({})),
  require_pushed_authorization_requests: optional(flag({})),
  skip_consent: optional(flag({})),
  dpop_bound_access_tokens: optional(flag({})),
})

const read = partReader('body', metadataSchema)

/** A client of OAuth and what it may do. */
export interface OAuthClient {
  readonly id: string
  readonly name: string
  readonly client: Client
  readonly metadata: ClientMetadata
  readonly grants: readonly GrantType[]
  /** How it authenticates; two where it has a secret and none is registered. */
  readonly methods: readonly AuthenticationMethod[]
  /** Scopes that it may have. */
  readonly scopes: readonly string[]
}

/** What a client may ask for that is registered with no `scope`. */
export const openidScopes = ['openid', 'profile', 'email', 'phone'] as const

/** @returns Undefined where it is not an OAuth client, or its metadata cannot be understood. */
export function oauthClientOf(client: Client | undefined): OAuthClient | undefined {
  if (client?.dialect !== OAUTH || metadataProblem(client) !== undefined) return undefined
  const metadata = metadataOf(client)
  const { grant_types: grants = ['authorization_code', 'refresh_token'] } = metadata
  return {
    id: client.id,
    name: client.name || client.id,
    client,
    metadata,
    grants,
    methods: methodsOf(client, metadata),
    scopes: metadata.scope?.split(' ') ?? openidScopes,
  }
}

/**
 * What is wrong with the registration of a client, by the place in its resource
 * (`attributes/oauth/jwks`), where something is. A client of another dialect has none.
 */
export function metadataProblem(
  client: Pick<Client, 'dialect' | 'id' | 'key' | 'secretHash' | 'attributes'> &
    Partial<Pick<Client, 'redirectUris'>>,
): Readonly<Record<string, string>> | undefined {
  if (client.dialect !== OAUTH) return undefined
  if (client.id !== client.key) return { id: 'must be the key: it is the client_id' }
  const result = read.all(client.attributes[METADATA] ?? {})
  if (!result.ok) {
    const [problem] = result.problems
    return wrong(problem.at, sayProblem(problem))
  }
  const { token_endpoint_auth_method: method, jwks, grant_types: grants } = result.value
  const { jwks_uri: keysAt } = result.value
  const isPublic = methodsOf(client, result.value).includes('none')
  if (method === 'private_key_jwt' && jwks === undefined && keysAt === undefined) {
    return wrong(['jwks'], 'is missing: private_key_jwt needs it, or jwks_uri')
  }
  if (jwks !== undefined && keysAt !== undefined) {
    return wrong(['jwks_uri'], 'must not be there beside jwks: keys are in one place')
  }
  if (method?.startsWith('client_secret') === true && client.secretHash === undefined) {
    return wrong(['token_endpoint_auth_method'], `needs a secret: ${method}`)
  }
  if (isPublic && grants?.includes('client_credentials') === true) {
    return wrong(
      ['grant_types'],
      'must not have client_credentials: it is for clients that authenticate',
    )
  }
  if (isPublic && result.value.backchannel_logout_uri?.startsWith('http:') === true) {
    return wrong(['backchannel_logout_uri'], 'must be https, as the client is public')
  }
  const { frontchannel_logout_uri: frame } = result.value
  const origins = () => (client.redirectUris ?? []).map(originOf)
  if (frame !== undefined && !origins().includes(originOf(frame) ?? '')) {
    return wrong(['frontchannel_logout_uri'], 'must have the origin of a redirect URI')
  }
  return undefined
}

/** Attributes with some members of the metadata changed, each as a whole; null removes one. */
export function withMetadata(attributes: Attributes, patch: ClientMetadataPatch): Attributes {
  const merged = Object.entries({ ...metadataOf({ attributes }), ...patch })
  return {
    ...attributes,
    [METADATA]: Object.fromEntries(merged.filter(([, value]) => value !== null)) as Json,
  }
}

function wrong(at: readonly string[], detail: string): Readonly<Record<string, string>> {
  return { [['attributes', METADATA, ...at].join('/')]: detail }
}

function metadataOf({ attributes }: Pick<Client, 'attributes'>): ClientMetadata {
  return (attributes[METADATA] ?? {}) as unknown as ClientMetadata
}

function methodsOf(
  { secretHash }: Pick<Client, 'secretHash'>,
  { token_endpoint_auth_method: method }: ClientMetadata,
): readonly AuthenticationMethod[] {
  if (method !== undefined) return [method]
  return secretHash === undefined ? ['none'] : ['client_secret_basic', 'client_secret_post']
}
