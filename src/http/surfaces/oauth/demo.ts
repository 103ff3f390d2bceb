import { OAUTH } from '../../oauth-client.ts'
import type { DemoIdentities } from '../../surface-module.ts'

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
  ],
  shown: { who: 'client demo-web', secret: 'demo-web-secret' },
}
