import { OAUTH } from '../../oauth-client.ts'
import type { DemoIdentities } from '../../surface-module.ts'
import { revocationPath, tokenPath } from '../../token-endpoints.ts'

const basic = `Basic ${btoa('demo-program:demo-program-secret')}`
const form = { 'content-type': 'application/x-www-form-urlencoded' }

export const demo: DemoIdentities = {
  clients: [
    {
      id: 'demo-web',
      key: 'demo-web',
      dialect: OAUTH,
      name: 'Demo shop',
      secret: 'demo-web-secret',
      redirectUris: ['http://127.0.0.1:3000/callback'],
      attributes: { oauth: { post_logout_redirect_uris: ['http://127.0.0.1:3000/'] } },
    },
    {
      id: 'demo-program',
      key: 'demo-program',
      dialect: OAUTH,
      name: 'Demo program',
      secret: 'demo-program-secret',
      attributes: { oauth: { grant_types: ['client_credentials'] } },
    },
  ],
  shown: { who: 'client demo-web', secret: 'demo-web-secret' },
  tour: {
    says: 'A program gets a token for its secret. Revoking it (RFC 7009) ends it.',
    login: [
      {
        method: 'POST',
        path: tokenPath,
        headers: { authorization: basic, ...form },
        body: 'grant_type=client_credentials',
        takes: { token: 'access_token' },
      },
    ],
    logout: {
      method: 'POST',
      path: revocationPath,
      headers: { authorization: basic, ...form },
      body: 'token={token}',
    },
  },
}
