/** TV providers of each standard: whole programs of others where there are any. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { installPeers } from '../../bench/peers/install.ts'
import {
  bodyOf,
  listen,
  logoutResponse,
  readLogoutRequest,
  type Peer,
  type SamlLogoutRequest,
} from './mvpd-peers.ts'

export interface OidcProvider extends Peer {
  readonly provider: {
    issue(accountId: string): Promise<string>
    isGood(token: string): Promise<boolean>
  }
}

export interface SamlProvider extends Peer {
  /** Signs what it is sent. */
  readonly privateKey: string
  readonly requests: SamlLogoutRequest[]
  /** The status of its next answers. */
  status: string
  /** Follows the answer. */
  more: string
}

export interface LogoutUrl extends Peer {
  readonly calls: URLSearchParams[]
}

/** Of our client at the OpenID provider. It holds what Basic has to encode. */
export const clientSecret = 'a+secret of:100%'

/** The whole of oidc-provider, with a client of its own for us. */
export async function openOidcProvider(): Promise<OidcProvider> {
  const peer = await listen((request, response) => {
    handle(request, response)
  })
  const path = new URL('node_modules/oidc-provider/lib/index.js', installPeers()).href
  // Of another installation, which brings no types.
  const { Provider } = await import(path)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const provider = new Provider(peer.url, {
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['a key for cookies that are never set'] },
    clients: [
      {
        client_id: 'pass',
        client_secret: clientSecret,
        redirect_uris: ['https://pass.example/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  })
  const handle = provider.callback() as Parameters<typeof listen>[0]
  const client = await provider.Client.find('pass')
  return {
    ...peer,
    provider: {
      async issue(accountId) {
        const grant = new provider.Grant({ accountId, clientId: 'pass' })
        grant.addOIDCScope('openid offline_access')
        const grantId = await grant.save()
        const facts = { accountId, client, grantId, scope: 'openid', gty: 'authorization_code' }
        return new provider.RefreshToken(facts).save()
      },
      isGood: async (token) => (await provider.RefreshToken.find(token)) !== undefined,
    },
  }
}

/** Verifies each request with programs of others before it answers. */
export async function openSamlProvider(): Promise<SamlProvider> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const requests: SamlLogoutRequest[] = []
  const peer = await listen((request, response) => {
    void bodyOf(request).then((body) => {
      try {
        assert.match(request.headers['content-type'] ?? '', /^text\/xml/)
        const logout = readLogoutRequest(body, publicKey)
        requests.push(logout)
        response.writeHead(200, { 'content-type': 'text/xml' })
        response.end(logoutResponse(logout.id, own.status) + own.more)
      } catch {
        response.writeHead(400).end()
      }
    })
  })
  const own = { ...peer, privateKey, requests, status: 'Success', more: '' }
  return own
}

/** A provider that ends a session by its hint and sends back, as section 3 says, or asks first. */
export async function openLogoutUrl(): Promise<LogoutUrl> {
  const calls: URLSearchParams[] = []
  const peer = await listen((request, response) => {
    void bodyOf(request).then((body) => {
      const { searchParams: query, pathname } = new URL(request.url ?? '', 'http://x')
      if (pathname === '/asks') {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Log out?')
        return
      }
      const said = new URLSearchParams([...query, ...new URLSearchParams(body)])
      calls.push(said)
      const back = new URL(said.get('post_logout_redirect_uri') ?? '')
      back.searchParams.set('state', said.get('state') ?? '')
      response.writeHead(303, { location: back.href }).end()
    })
  })
  return { ...peer, calls }
}
