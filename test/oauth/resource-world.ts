/** Resource servers that ask about tokens, and tokens to ask about. */
import type { JWK } from 'jose'
import type { ResourceServer } from '../../src/http/surfaces/introspection/options.ts'
import type { Reply, TestServer } from '../harness.ts'
import { useIssuers, type IssuerWorld } from '../issuers/world.ts'

export const secretOf = (id: string): string => `${id}: what only it knows`

export interface ResourceWorld extends IssuerWorld {
  /** Asks about a token, by default as `orders`. */
  ask(fields: Fields | string, headers?: Headers): Promise<Reply>
  /** The same, as a resource server that may be any. */
  askAs(id: string, token: string, accept?: string): Promise<Reply>
  revoke(fields: Fields | string, headers?: Headers): Promise<Reply>
  login(): Promise<OctopusTokens>
}

type Fields = Readonly<Record<string, string>>
type Headers = Readonly<Record<string, string>>

/** Of the client 42, which has a secret. */
export interface OctopusTokens {
  readonly access_token: string
  readonly refresh_token: string
}

/** `Authorization: Basic`, each half encoded as in a form (RFC 6749, section 2.3.1). */
export function basic(id: string, secret: string): Headers {
  const pair = [id, secret].map(encodeURIComponent).join(':')
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

/** @param sealedKey The key of the resource server `sealed`, whose answers are encrypted. */
export function useResourceServers(sealedKey?: JWK): ResourceWorld {
  const audiences = ['orders', 'demo-api']
  const resourceServers = [
    { id: 'orders', secret: secretOf('orders'), audiences },
    { id: 'billing', secret: secretOf('billing'), audiences: ['billing'] },
    { id: 'reader', secret: secretOf('reader'), audiences, scopes: ['read'] },
    ...(sealedKey === undefined
      ? []
      : [
          {
            id: 'sealed',
            secret: secretOf('sealed'),
            audiences,
            encryptionKey: sealedKey as ResourceServer['encryptionKey'],
          },
        ]),
  ] as readonly ResourceServer[]
  const world = useIssuers({}, { resourceServers })
  const post = (path: string) => (fields: Fields | string, headers: Headers) =>
    world.server.call('POST', path, {
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: typeof fields === 'string' ? fields : new URLSearchParams(fields).toString(),
    })
  const ask = post('/oauth2/introspect')
  const revoke = post('/oauth2/revoke')
  return Object.assign(Object.create(world) as IssuerWorld, {
    ask: (fields: Fields | string, headers: Headers = basic('orders', secretOf('orders'))) =>
      ask(fields, headers),
    askAs: (id: string, token: string, accept = 'application/json') =>
      ask({ token }, { ...basic(id, secretOf(id)), accept }),
    revoke: (fields: Fields | string, headers: Headers = {}) => revoke(fields, headers),
    login: () => login(world.server),
  })
}

async function login(server: TestServer): Promise<OctopusTokens> {
  const reply = await server.call('POST', '/auth/login', {
    body: { username: 'octopus-demo-key', password: 'octopus-demo-secret' },
  })
  return (reply.json() as { readonly data: OctopusTokens }).data
}
