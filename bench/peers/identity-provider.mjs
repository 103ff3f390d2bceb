/**
 * `oidc-provider` as an identity provider in a process of its own. It prints its `iss`, reads where
 * it is to send logout tokens (and people after a login and a logout, if they go to an
 * application), prints `ready`, and serves. Its tokens are as it makes them, with the session added
 * by its own means (`extraTokenClaims`).
 */
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { Provider } from 'oidc-provider'

let handle
const server = createServer((request, response) => handle(request, response))
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const issuer = `http://127.0.0.1:${String(server.address().port)}`
process.stdout.write(`${issuer}\n`)

const [logoutUri, redirectUri = 'http://127.0.0.1:1/callback', ...homes] = await new Promise(
  (resolve) => {
    createInterface({ input: process.stdin }).once('line', (line) => resolve(line.split(' ')))
  },
)

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'web',
      client_secret: 'web-secret',
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: homes,
      backchannel_logout_uri: logoutUri,
      backchannel_logout_session_required: true,
    },
  ],
  cookies: { keys: ['a key of a test'] },
  pkce: { required: () => false },
  features: {
    devInteractions: { enabled: true },
    backchannelLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'https://orders.example',
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: '',
        audience: 'orders',
        accessTokenFormat: 'jwt',
        accessTokenTTL: 300,
      }),
    },
  },
  extraTokenClaims: ({ oidc }) => ({ sid: oidc.entities.AuthorizationCode?.sid }),
  // It calls no private address of its own accord.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  // Both in the ID token.
  conformIdTokenClaims: false,
  claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
  findAccount: (_, accountId) => ({
    accountId,
    claims: () => ({
      sub: accountId,
      email: `${accountId}@example.com`,
      email_verified: true,
      groups: accountId === 'maria' ? ['platform', 'lunch'] : ['lunch'],
    }),
  }),
})
provider.on('backchannel.success', () => process.stdout.write('told\n'))
provider.on('backchannel.error', () => process.stdout.write('not told\n'))
handle = provider.callback()
process.stdout.write('ready\n')
